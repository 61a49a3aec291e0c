// Compiled with the headers that every test includes, so that they are precompiled once for all test programs.

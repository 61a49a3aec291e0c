%% Two Erlang nodes that do what the link benchmark does: the peer of its rows.
%%
%%   serve()        is called on the node that answers
%%   drive([Node])  is called on the other: reads "MEASUREMENT COUNT" lines, prints a number for each, and ends with
%%                  its input
-module(link_peer).
-export([serve/0, drive/1]).

%% How many messages the sender may be ahead of the receiver: the windows of the other programs.
-define(WINDOW, 1024).
-define(PAYLOAD, binary:copy(<<"x">>, 64)).

serve() ->
    register(server, self()),
    io:format("ready~n"),
    serve_messages().

serve_messages() ->
    receive
        {echo, From, Reference, Payload} -> From ! {Reference, Payload}, serve_messages();
        {take, From, Count} -> take(From, Count, ?WINDOW div 2), serve_messages();
        {'$gen_call', From, Payload} -> gen_server:reply(From, Payload), serve_messages()
    end.

%% Receives Count binaries, and tells the sender each time half a window has come.
take(From, 0, _) -> From ! done;
take(From, Count, 0) -> From ! go_on, take(From, Count, ?WINDOW div 2);
take(From, Count, ToGo) -> receive Payload when is_binary(Payload) -> take(From, Count - 1, ToGo - 1) end.

drive([Node]) ->
    Server = wait_for_server(Node),
    io:format("ready~n"),
    drive_lines(Server).

%% The pid, and not the name: a name would be looked up for each message.
wait_for_server(Node) ->
    case rpc:call(Node, erlang, whereis, [server]) of
        Server when is_pid(Server) -> Server;
        _ -> timer:sleep(10), wait_for_server(Node)
    end.

drive_lines(Server) ->
    case io:get_line("") of
        eof -> init:stop();
        Line ->
            [Measurement, Count] = string:lexemes(string:trim(Line), " "),
            io:format("~.3f~n", [measure(list_to_atom(Measurement), Server, list_to_integer(Count))]),
            drive_lines(Server)
    end.

measure(one_way, Server, Count) ->
    Payload = ?PAYLOAD,
    Seconds = timed(fun() ->
        Server ! {take, self(), Count},
        send(Server, Payload, Count, ?WINDOW),
        receive_done()
    end),
    Count / Seconds;
measure(round_trip, Server, Count) ->
    Payload = ?PAYLOAD,
    timed(fun() -> ask(Server, Payload, Count) end) / Count * 1.0e6;
measure(gen_call, Server, Count) ->
    Payload = ?PAYLOAD,
    timed(fun() -> gen_call(Server, Payload, Count) end) / Count * 1.0e6.

timed(Work) ->
    Began = erlang:monotonic_time(),
    Work(),
    erlang:convert_time_unit(erlang:monotonic_time() - Began, native, nanosecond) / 1.0e9.

send(_, _, 0, _) -> ok;
send(Server, Payload, Count, 0) -> receive go_on -> send(Server, Payload, Count, ?WINDOW div 2) end;
send(Server, Payload, Count, Credit) -> Server ! Payload, send(Server, Payload, Count - 1, Credit - 1).

receive_done() ->
    receive
        go_on -> receive_done();
        done -> ok
    end.

ask(_, _, 0) -> ok;
ask(Server, Payload, Count) ->
    Reference = make_ref(),
    Server ! {echo, self(), Reference, Payload},
    receive {Reference, Payload} -> ask(Server, Payload, Count - 1) end.

gen_call(_, _, 0) -> ok;
gen_call(Server, Payload, Count) ->
    Payload = gen_server:call(Server, Payload, infinity),
    gen_call(Server, Payload, Count - 1).

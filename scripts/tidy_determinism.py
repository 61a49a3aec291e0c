"""The rules of scripts/tidy that keep a simulated run the same for the same seed.

They look for what may differ between two runs of one program: orders that follow from addresses or from a hash, other
libraries' randomness, threads, and what one run leaves behind for the next. It is a search with regular expressions that
knows the declarations of a file and of the headers of its folder that it includes: no compiler, so that it takes a
second. What it cannot see (a type behind auto or from another folder), the two runs of each seed in CI may.
"""
import posixpath
import re

# Never part of a simulation: the real world's side of the seam, the edges' sockets, and programs that only read files.
NOT_SIMULATED = ("runtime/environment/real_", "actors/http_edge/", "actors/http_server/", "actors/grpc_edge/",
                 "apps/troupe/", "apps/protoc_gen_troupe/")
# May have threads of their own besides.
THREADS = NOT_SIMULATED + ("runtime/environment/", "actors/host/")

RULES = {
    "order": "Nobody goes through an unordered container, or an ordered one whose keys are pointers: the order differs "
             "from run to run and from library to library. Looking things up in them is fine.",
    "address": "No address becomes a number, is hashed by hand, or decides an order.",
    "thread": "No threads, and nothing that waits for one, outside the environment, the edges and the host: a simulation "
              "has one thread.",
    "state": "No mutable static or thread_local variables: they carry one run's state into the next, and one node's "
             "into another.",
}

SHUFFLES = re.compile(
    r"\bstd::(ranges::)?(shuffle|sample|random_shuffle)\b|\bboost::random::\w+|\bstd::(knuth_b|\w+_engine)\b"
    r"|(?<![\w.>:])(getrandom|arc4random\w*|[dlm]rand48)\s*\(")

ADDRESS = [
    (re.compile(r"\breinterpret_cast\s*<\s*(const\s+)?(std::)?(uintptr_t|intptr_t|size_t|u?int64_t)\s*>"),
     "number it yourself, from a counter"),
    (re.compile(r"\b(std|boost)::hash\s*<[^<>;{}()]*\*\s*>"), "hash what it points to"),
    (re.compile(r"\bstd::(less|greater)\s*<[^<>;{}()]*\*\s*(const\s*)?>|\bstd::owner_less\b|\bowner_before\b"),
     "compare what they point to"),
]

THREAD = re.compile(
    r"\bstd::(thread|jthread|async|condition_variable(_any)?|counting_semaphore|binary_semaphore|latch|barrier|call_once"
    r"|once_flag|this_thread::yield)\b|\bpthread_create\b")

UNORDERED = re.compile(r"\b(?:std|boost|absl)::(?:container::)?(?:unordered_\w*(?:map|set)|(?:flat|node)_hash_(?:map|set))\s*<")
ORDERED = re.compile(r"\b(?:std::(?:multi)?(?:map|set)|boost::container::flat_(?:multi)?(?:map|set))\s*<")
LIST = re.compile(r"\b(?:std::(?:vector|array|deque)|boost::container::small_vector)\s*<")
POINTER = re.compile(r"\*\s*(const)?$|^(std::|boost::|caf::)?(shared|unique|weak|intrusive)_ptr\s*<|\bstrong_actor_ptr$"
                     r"|\bweak_actor_ptr$|^caf::(actor|actor_addr)$")
# Algorithms whose answer does not depend on the order, unless their predicate does something.
ORDERLESS = "any_of|all_of|none_of|count|count_if|find|contains|is_permutation|distance|size|ssize|empty|swap|clear|data"
ORDERLESS_CALL = re.compile(r"\b(?:" + ORDERLESS + r")\s*\(\s*$")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def code_between(text, start):
    """The template arguments that begin at `start`, and the position behind their closing bracket."""
    depth, at, parts, begin = 1, start, [], start
    while at < len(text) and depth:
        char = text[at]
        if char in "<([{":
            depth += 1
        elif char in ">)]}":
            if char == ">" and text[at - 1] == "-":
                at += 1
                continue
            depth -= 1
        elif char == "," and depth == 1:
            parts.append(text[begin:at])
            begin = at + 1
        elif char == ";":
            return None, at
        at += 1
    parts.append(text[begin:at - 1])
    return [" ".join(part.split()) for part in parts], at


def declared(text, pattern, wanted):
    """Names of the variables, parameters and members of a type that `pattern` begins and `wanted(arguments)` accepts."""
    names = set()
    for match in pattern.finditer(text):
        arguments, end = code_between(text, match.end())
        if arguments is None or not wanted(match.group(0), arguments):
            continue
        alias = re.search(r"\busing\s+(\w+)\s*=\s*(?:const\s+|typename\s+)*$", text[:match.start()])
        after = re.match(r"\s*(?:const\b\s*)?[&]{0,2}\s*(\w+)\s*(?=[;={,)(:\[])", text[end:])
        if alias:
            names |= set(re.findall(r"\b" + alias.group(1) + r"\b\s*(?:const\b\s*)?&{0,2}\s+(\w+)\s*[;={,)]", text))
        elif after and after.group(1) not in ("const", "override", "noexcept"):
            names.add(after.group(1))
    return names


def keyed_by_pointers(type_name, arguments):
    """An ordered container that compares addresses: no comparison of its own is given."""
    own = 1 if "set" in type_name else 2
    return bool(POINTER.search(arguments[0])) and (len(arguments) <= own or arguments[own].startswith("std::less<>"))


def surroundings(tree, name, text, code_only):
    """The code of the file and of the headers of its own folder that it includes: where its members are declared."""
    folder = posixpath.dirname(name)
    out = [code_only(text)]
    for included in INCLUDE.findall(text):
        if posixpath.dirname(included) == folder and included in tree.known and included != name:
            out.append(code_only(tree.read(included)))
    return "\n".join(out)


def check_order(tree, name, code, around):
    unordered = declared(around, UNORDERED, lambda *_: True)
    pointers = declared(around, ORDERED, keyed_by_pointers)
    lists = declared(around, LIST, lambda _, arguments: bool(POINTER.search(arguments[0])))
    for names, what, fix in (
            (unordered, "has no order that can be relied on", "keep an ordered container, or sort first"),
            (pointers, "is ordered by addresses", "order it by names or numbers")):
        if not names:
            continue
        group = "(?P<name>" + "|".join(sorted(map(re.escape, names))) + ")"
        uses = [
            # for (auto& x : this->name), for (... : std::as_const(name))
            re.compile(r"\bfor\s*\([^(){}]*(?:\([^()]*\)[^(){}]*)?(?<!:):(?!:)\s*(?:std::as_const\s*\(\s*)?[\w.\->\[\]*]*?\b"
                       + group + r"\s*\)"),
            re.compile(r"\b" + group + r"\s*(?:\.|->)\s*c?begin\s*\(\s*\)"),
            re.compile(r"\bstd::c?begin\s*\(\s*" + group + r"\s*\)"),
            re.compile(r"\bstd::ranges::(?!(?:" + ORDERLESS + r")\b)\w+\s*\(\s*" + group + r"\b"),
        ]
        for use in uses:
            for match in use.finditer(code):
                if ORDERLESS_CALL.search(code[max(0, match.start("name") - 80):match.start("name")]):
                    continue
                report_at(tree, name, code, match.start("name"), "order", f"{match.group('name')} {what}; {fix}")
    for each in lists:
        sort = re.compile(r"\bstd::(?:ranges::)?(?:stable_)?sort\s*\(\s*(?:" + re.escape(each) + r"\s*\)|"
                          + re.escape(each) + r"\.begin\(\)\s*,\s*" + re.escape(each) + r"\.end\(\)\s*\))")
        for match in sort.finditer(code):
            report_at(tree, name, code, match.start(), "address", f"{each} is sorted by addresses; compare what they point to")


def report_at(tree, name, code, position, rule, text):
    tree.report(name, code.count("\n", 0, position) + 1, rule, text)


def statements_of_namespaces(code):
    """Each statement at namespace scope that ends in a semicolon, with its position; bodies in braces are left out."""
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda match: re.sub(r"[^\n]", " ", match.group(0)), code, flags=re.MULTILINE)
    depth, begin, text, at = 0, None, "", 0
    while at < len(code):
        char = code[at]
        if char == "{":
            if depth == 0 and re.match(r"\s*(inline\s+)?namespace\b|\s*extern\s+$", text):
                begin, text = None, ""
            else:
                depth += 1
        elif char == "}":
            if depth > 0:
                depth -= 1
                if depth == 0:
                    text += "{}"
                    # A function's body ends its definition; a variable's braces and a class's are followed by a name or ;
                    if not re.match(r"\s*[;,=\w*]", code[at + 1:]) or ("(" in text.split("=")[0] and not re.match(r"\s*;", code[at + 1:])):
                        begin, text = None, ""
            else:
                begin, text = None, ""
        elif depth == 0:
            if char == ";":
                if begin is not None:
                    yield begin, text
                begin, text = None, ""
            else:
                if begin is None and not char.isspace():
                    begin = at
                text += char
        at += 1


NO_VARIABLE = re.compile(r"^\s*(?:__extension__\s+)?(using|typedef|class|struct|enum|union|extern|template|friend|namespace|static_assert|return"
                         r"|concept|requires|goto|case|public|private|protected)\b")
CONSTANT = re.compile(r"\b(const|constexpr|consteval)\b")


def is_variable(statement):
    head = re.sub(r"\[\[.*?\]\]", "", statement)
    head = re.split(r"=|\{", head)[0]
    while re.search(r"<[^<>]*>", head):
        head = re.sub(r"<[^<>]*>", " ", head)
    return (not NO_VARIABLE.match(head) and not CONSTANT.search(head) and "(" not in head and "operator" not in head
            and re.match(r"^[\w:\s*&]+\s[*&]*\w[\w:]*\s*(\[[^\]]*\]\s*)?$", head.strip()) is not None)


def check_state(tree, name, code):
    fix = "let the object that needs it own it"
    seen = set()
    for match in re.finditer(r"\bthread_local\b([^;{=(]*)", code):
        if not CONSTANT.search(match.group(1)):
            seen.add(code.count("\n", 0, match.start()))
            report_at(tree, name, code, match.start(), "state", f"a thread_local variable; {fix}")
    for match in re.finditer(r"(?<=[;{}\n])\s*(?:inline\s+|constinit\s+)*static\s+(?P<what>[^;(){}=]*?\w)\s*(?P<end>[;={(])", code):
        line = code.count("\n", 0, match.start("what"))
        if match.group("end") == "(" or CONSTANT.search(match.group("what")) or "operator" in match.group("what"):
            continue
        if " " in match.group("what").strip() and line not in seen and "thread_local" not in match.group("what"):
            seen.add(line)
            report_at(tree, name, code, match.start("what"), "state", f"a static variable that can change; {fix}")
    for begin, statement in statements_of_namespaces(code):
        line = code.count("\n", 0, begin)
        if "thread_local" not in statement and line not in seen and is_variable(statement):
            report_at(tree, name, code, begin, "state", f"a variable of the whole program that can change; {fix}")


def check(tree, name, text, code_only):
    """Reports what breaks the rules in a source file of a floor."""
    if name.startswith(NOT_SIMULATED):
        return
    code = code_only(text)
    for number, line in enumerate(code.split("\n"), 1):
        if match := SHUFFLES.search(line):
            tree.report(name, number, "random", f"{match.group(0).strip()} is not the same everywhere; "
                                                "use the environment's random_source")
        for pattern, fix in ADDRESS:
            if match := pattern.search(line):
                tree.report(name, number, "address", f"{match.group(0)} makes something of an address; {fix}")
        match = THREAD.search(line)
        if match and not name.startswith(THREADS):
            tree.report(name, number, "thread", f"{match.group(0)} is for the environment, the edges and the host; "
                                                "use an event loop's timer or an actor")
    check_order(tree, name, code, surroundings(tree, name, text, code_only))
    check_state(tree, name, code)

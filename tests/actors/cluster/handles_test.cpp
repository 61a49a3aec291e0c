#include "tests/actors/cluster/cluster_nodes.hpp"

using namespace cluster_test;

namespace {

using double_atom = caf::atom_constant<caf::atom("double")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;

caf::behavior doubler(caf::event_based_actor* self) {
  return {[](double_atom, int what) { return 2 * what; }, [self](leave_atom) { self->quit(); }};
}

struct handles : surroundings {
  std::unique_ptr<node> near = caller_node({}, "near");
  std::unique_ptr<node> far = caller_node({near.get()}, "far");
  caf::actor worker = far->system().spawn(doubler);
  handles() { REQUIRE(connected(*near)); }
  ~handles() { caf::anon_send_exit(worker, caf::exit_reason::kill); }
  caf::actor at_near() {
    auto handle = near->link()->import_handle(far->link()->export_handle(worker));
    REQUIRE(handle);
    return *handle;
  }
};

} // namespace

TEST_CASE("a handle from another node takes requests, and their answers come back") {
  handles nodes;
  caf::scoped_actor self{nodes.near->system()};
  int answer = 0;
  self->request(nodes.at_near(), 10s, double_atom::value, 21)
    .receive([&](int value) { answer = value; }, [](caf::error&) {});
  CHECK(answer == 42);
}

TEST_CASE("a monitor of a remote actor hears of its end") {
  handles nodes;
  caf::scoped_actor self{nodes.near->system()};
  auto remote = nodes.at_near();
  self->monitor(remote);
  self->send(remote, leave_atom::value);
  bool heard = false;
  self->receive([&](const caf::down_msg& end) { heard = end.source == remote; }, caf::after(10s) >> [] {});
  CHECK(heard);
}

TEST_CASE("a monitor hears when the connection is lost") {
  handles nodes;
  caf::scoped_actor self{nodes.near->system()};
  self->monitor(nodes.at_near());
  nodes.far->link()->close(0s);
  bool heard = false;
  self->receive(
    [&](const caf::down_msg& end) { heard = end.reason == caf::exit_reason::remote_link_unreachable; },
    caf::after(10s) >> [] {});
  CHECK(heard);
}

TEST_CASE("a handle travels in a message and works where it arrives") {
  handles nodes;
  caf::scoped_actor self{nodes.near->system()};
  // The far worker is asked to call the one whose handle it gets.
  auto helper = nodes.near->system().spawn(doubler);
  auto go_between = nodes.far->system().spawn([](caf::event_based_actor* me) -> caf::behavior {
    return {[me](const caf::actor& whom, int what) { return me->delegate(whom, double_atom::value, what); },
            [](leave_atom) {}};
  });
  auto remote = nodes.near->link()->import_handle(nodes.far->link()->export_handle(go_between));
  REQUIRE(remote);
  int answer = 0;
  self->request(*remote, 10s, helper, 4).receive([&](int value) { answer = value; }, [](caf::error&) {});
  CHECK(answer == 8);
  // Here and not over the link, which may close before the message has gone.
  caf::anon_send_exit(go_between, caf::exit_reason::kill);
  caf::anon_send_exit(helper, caf::exit_reason::kill);
}

TEST_CASE("bytes that are no handle are refused, and empty ones are the null handle") {
  handles nodes;
  CHECK(nodes.near->link()->import_handle("")->operator!());
  CHECK(nodes.near->link()->import_handle("no handle at all").error().code() == status_code::invalid_argument);
}

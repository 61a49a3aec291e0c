// The shop on five simulated nodes, the customers that use it, and what must be true of it afterwards.
//
//   node-0  Orders        node-3  Inventory      client-0  customers
//   node-1  Catalog       node-4  Payments       client-1  customers
//   node-2  Catalog
#pragma once

#include "apps/shop/catalog.hpp"
#include "apps/shop/inventory.hpp"
#include "apps/shop/orders.hpp"
#include "apps/shop/payments.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>
#include <vector>

namespace shop_simulation {

using namespace std::chrono_literals;
using troupe::result;
using troupe::simulation;
using troupe::status;
using troupe::status_code;
using troupe::task;
using troupe::visitor;

inline constexpr std::uint32_t orders_node = 0;
inline constexpr std::uint32_t inventory_node = 3;
inline constexpr std::uint32_t payments_node = 4;

troupe::simulation_options shop_options();
// The same, but its nodes are told nothing: they find each other, and who plays what, by discovery.
troupe::simulation_options discovered_shop_options();
void install_shop(simulation& sim);

// How often the nodes of Orders, Inventory and Payments have booted: as long as that does not change, they
// have forgotten nothing.
struct lives {
  std::uint64_t orders = 0;
  std::uint64_t inventory = 0;
  std::uint64_t payments = 0;

  bool operator==(const lives&) const = default;
};
lives lives_now(simulation& sim);

// What a customer knows of an order.
struct known_order {
  shop::PlaceOrderRequest request;
  // While it was first placed, when the last answer to a placing came.
  lives first;
  lives last;
  // Of the last answer that was a verdict: the order, or why it was refused.
  std::optional<shop::Order> placed;
  std::optional<status> refused;
  bool cancelled = false; // it was asked to be cancelled
};

// What all customers of a run have done and seen.
struct shop_diary {
  std::map<std::string, known_order> orders;
  std::uint64_t calls = 0;
  std::uint64_t answers = 0;
  std::uint64_t verdicts = 0;
};

// What a customer buys in its life, some orders one after the other: placed, repeated, looked at, watched,
// cancelled; with time-outs of all sizes. Checks what can be checked at once. Everything outlives it.
task<> shop_around(visitor& self, simulation& sim, shop_diary& diary, std::uint32_t customer, int orders);

// Asks for each order again until there is a verdict, as a customer does who never got an answer. For calm
// weather.
task<> ask_until_verdict(visitor& self, simulation& sim, shop_diary& diary);

// What must be true in calm weather, when each order has its verdict and reservations had time to expire.
void audit(simulation& sim, const shop_diary& diary);

// Installs the shop, starts it, and lets customers in; they do their shopping while time passes.
void open_shop(simulation& sim, shop_diary& diary);

// Who may lose its memory, by a crash or a kill.
enum class forgetful { everybody, orders, all_but_orders, nobody };

// All of it: customers under faults, calm, verdicts, audit.
void live_through(simulation& sim, troupe::fault_profile faults, troupe::duration horizon,
                  forgetful who = forgetful::everybody);

} // namespace shop_simulation

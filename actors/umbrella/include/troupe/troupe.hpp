// Everything that the author of a service needs: handlers, tasks, clients, streams, modules, and run(). Generated code
// includes what it needs itself; tests and edges include single headers.
#pragma once

#include "actors/host/run.hpp"
#include "actors/service/all.hpp"
#include "actors/service/ask.hpp"
#include "actors/service/module.hpp"
#include "actors/service/notification.hpp"
#include "actors/service/service.hpp"
#include "actors/service/visitor.hpp"
#include "discovery/actor_names/actor_names.hpp"
#include "runtime/core/result.hpp"

#include "actors/host/door_metrics.hpp"

#include <string>

namespace troupe {

namespace {

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

} // namespace

http_door_metrics::http_door_metrics(metrics& numbers)
  : connections_(numbers.make_gauge("troupe_http_connections", "Open HTTP connections.")),
    refused_(
      numbers.make_counter("troupe_http_connections_refused_total", "Connections refused beyond the limit.")),
    timed_out_(numbers.make_counter("troupe_http_connections_timed_out_total",
                                    "Connections cut because the client was too slow.")),
    aborted_(numbers.make_counter("troupe_http_requests_aborted_total", "Requests whose client went away.")),
    rejected_(numbers.counters("troupe_http_requests_rejected_total",
                               "Requests refused before any handler saw them.", {"code"})),
    seconds_(numbers.make_histogram("troupe_http_request_seconds",
                                    "From the request's last byte to the answer's.")) {
  auto answered = numbers.counters("troupe_http_requests_total", "Requests answered.", {"code"});
  for (int status : {200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409,
                     411, 412, 413, 414, 415, 422, 428, 429, 431, 499, 500, 501, 503, 504}) {
    const auto index = static_cast<std::size_t>(status - first_status);
    answered_[index] = answered.with({std::to_string(status)});
    listed_.set(index);
  }
  other_ = answered.with({"other"});
}

void http_door_metrics::request_rejected(int status) { rejected_.with({std::to_string(status)}).add(); }

void http_door_metrics::request_answered(const http_access_record& seen) {
  const auto index = static_cast<std::size_t>(seen.status - first_status);
  (index < listed_.size() && listed_[index] ? answered_[index] : other_).add();
  seconds_.observe(seconds(seen.took));
  if (seen.aborted) aborted_.add();
}

grpc_door_metrics::grpc_door_metrics(metrics& numbers, const std::vector<const service_info*>& services) {
  auto calls = numbers.counters("troupe_grpc_calls_total", "Calls that ended.", {"method", "code"});
  auto times =
    numbers.histograms("troupe_grpc_call_seconds", "From the call's headers to its status.", {"method"});
  for (const auto* service : services)
    for (const auto& method : service->methods) {
      auto& row = methods_[&method];
      row.seconds = times.with({method.full_name});
      for (int code = 0; code < status_code_count; ++code)
        row.codes[static_cast<std::size_t>(code)] =
          calls.with({method.full_name, to_string(static_cast<status_code>(code))});
    }
}

void grpc_door_metrics::count(const grpc_call_record& ended) const {
  auto found = methods_.find(&ended.method);
  if (found == methods_.end()) return;
  found->second.codes[static_cast<std::size_t>(ended.code)].add();
  found->second.seconds.observe(seconds(ended.elapsed));
}

} // namespace troupe

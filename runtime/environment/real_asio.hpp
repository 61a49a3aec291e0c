// Addresses to and from Asio's types. Internal to this component.
#pragma once

#include "runtime/environment/address.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_endpoint.hpp>

namespace troupe {

// `Protocol` is boost::asio::ip::tcp or udp.
template <class Protocol>
boost::asio::ip::basic_endpoint<Protocol> to_asio(const endpoint& from) {
  const auto& bytes = from.address.bytes();
  if (from.address.is_v4()) {
    return {boost::asio::ip::address_v4{{bytes[12], bytes[13], bytes[14], bytes[15]}}, from.port};
  }
  return {boost::asio::ip::address_v6{bytes}, from.port};
}

template <class Protocol>
endpoint from_asio(const boost::asio::ip::basic_endpoint<Protocol>& from) {
  const auto address = from.address();
  if (address.is_v4()) {
    const auto b = address.to_v4().to_bytes();
    return {ip_address::v4(b[0], b[1], b[2], b[3]), from.port()};
  }
  return {ip_address{address.to_v6().to_bytes()}, from.port()};
}

} // namespace troupe

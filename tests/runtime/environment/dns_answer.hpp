// Builds the answer of a name server, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

class dns_answer {
public:
  dns_answer(std::uint16_t id, std::string_view name, int response_code = 0) {
    u16(id);
    u16(static_cast<std::uint16_t>(0x8180 | response_code));
    u16(1); // questions
    u16(0); // answers; counted below
    u16(0);
    u16(0);
    this->name(name);
    u16(33);
    u16(1);
  }

  void add_service(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                   std::string_view target) {
    begin(33, static_cast<std::uint16_t>(6 + target.size() + (target.empty() ? 1 : 2)));
    u16(priority);
    u16(weight);
    u16(port);
    name(target);
  }

  void add_alias(std::string_view target) {
    begin(5, static_cast<std::uint16_t>(target.size() + 2));
    name(target);
  }

  const std::string& bytes() const { return bytes_; }

private:
  void begin(std::uint16_t type, std::uint16_t size) {
    const auto count = static_cast<std::uint16_t>(++answers_);
    bytes_[6] = static_cast<char>(count >> 8);
    bytes_[7] = static_cast<char>(count & 0xFF);
    u16(0xC00C); // the question's name
    u16(type);
    u16(1);
    u16(0);
    u16(60); // time to live
    u16(size);
  }
  void u16(std::uint16_t value) {
    bytes_ += static_cast<char>(value >> 8);
    bytes_ += static_cast<char>(value & 0xFF);
  }
  void name(std::string_view text) {
    while (!text.empty()) {
      const auto dot = text.find('.');
      const auto label = text.substr(0, dot);
      bytes_ += static_cast<char>(label.size());
      bytes_ += label;
      text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    }
    bytes_ += '\0';
  }

  std::string bytes_;
  int answers_ = 0;
};

// What connects tests with Catch2: it shows what a result<T> holds when a check on it fails, and simulate()
// learns of assertions that fail. Include it in tests, after or before catch.hpp.
#pragma once

#include "actors/testing/catch_result.hpp"
#include "actors/testing/simulate.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::detail {

// Stands between assertions and Catch2: passes everything on, and tells of failures when they happen, which a
// listener would learn of only for those that are reported.
class catch_watch final : public assertion_watch, public Catch::IResultCapture {
public:
  explicit catch_watch(std::function<void(std::string_view)> on_failure)
    : tell_(std::move(on_failure)), next_(Catch::getResultCapture()) {
    Catch::getCurrentMutableContext().setResultCapture(this);
  }
  ~catch_watch() override { Catch::getCurrentMutableContext().setResultCapture(&next_); }
  catch_watch(const catch_watch&) = delete;
  catch_watch& operator=(const catch_watch&) = delete;

  std::string test_name() const override { return next_.getCurrentTestName(); }

  bool sectionStarted(const Catch::SectionInfo& section, Catch::Counts& assertions) override {
    return next_.sectionStarted(section, assertions);
  }
  void sectionEnded(const Catch::SectionEndInfo& end) override { next_.sectionEnded(end); }
  void sectionEndedEarly(const Catch::SectionEndInfo& end) override { next_.sectionEndedEarly(end); }
  auto acquireGeneratorTracker(Catch::StringRef name, const Catch::SourceLineInfo& line)
    -> Catch::IGeneratorTracker& override {
    return next_.acquireGeneratorTracker(name, line);
  }
#if defined(CATCH_CONFIG_ENABLE_BENCHMARKING)
  void benchmarkPreparing(const std::string& name) override { next_.benchmarkPreparing(name); }
  void benchmarkStarting(const Catch::BenchmarkInfo& info) override { next_.benchmarkStarting(info); }
  void benchmarkEnded(const Catch::BenchmarkStats<>& stats) override { next_.benchmarkEnded(stats); }
  void benchmarkFailed(const std::string& error) override { next_.benchmarkFailed(error); }
#endif
  void pushScopedMessage(const Catch::MessageInfo& message) override { next_.pushScopedMessage(message); }
  void popScopedMessage(const Catch::MessageInfo& message) override { next_.popScopedMessage(message); }
  void emplaceUnscopedMessage(const Catch::MessageBuilder& builder) override {
    next_.emplaceUnscopedMessage(builder);
  }
  void handleFatalErrorCondition(Catch::StringRef message) override {
    next_.handleFatalErrorCondition(message);
  }
  void handleExpr(const Catch::AssertionInfo& info, const Catch::ITransientExpression& expression,
                  Catch::AssertionReaction& reaction) override {
    next_.handleExpr(info, expression, reaction);
    if (expression.getResult() == Catch::isFalseTest(info.resultDisposition)) failed(info);
  }
  void handleMessage(const Catch::AssertionInfo& info, Catch::ResultWas::OfType type,
                     const Catch::StringRef& message, Catch::AssertionReaction& reaction) override {
    next_.handleMessage(info, type, message, reaction);
    if (type & Catch::ResultWas::FailureBit) failed(info);
  }
  void handleUnexpectedExceptionNotThrown(const Catch::AssertionInfo& info,
                                          Catch::AssertionReaction& reaction) override {
    next_.handleUnexpectedExceptionNotThrown(info, reaction);
    failed(info);
  }
  void handleUnexpectedInflightException(const Catch::AssertionInfo& info, const std::string& message,
                                         Catch::AssertionReaction& reaction) override {
    next_.handleUnexpectedInflightException(info, message, reaction);
    failed(info);
  }
  void handleIncomplete(const Catch::AssertionInfo& info) override { next_.handleIncomplete(info); }
  void handleNonExpr(const Catch::AssertionInfo& info, Catch::ResultWas::OfType type,
                     Catch::AssertionReaction& reaction) override {
    next_.handleNonExpr(info, type, reaction);
    if (type & Catch::ResultWas::FailureBit) failed(info);
  }
  bool lastAssertionPassed() override { return next_.lastAssertionPassed(); }
  void assertionPassed() override { next_.assertionPassed(); }
  std::string getCurrentTestName() const override { return next_.getCurrentTestName(); }
  const Catch::AssertionResult* getLastResult() const override { return next_.getLastResult(); }
  void exceptionEarlyReported() override { next_.exceptionEarlyReported(); }

private:
  void failed(const Catch::AssertionInfo& info) {
    if (info.resultDisposition & Catch::ResultDisposition::SuppressFail) return;
    tell_(info.macroName.empty()
            ? "an assertion"
            : std::string{info.macroName} + "( " + std::string{info.capturedExpression} + " ) at "
                + info.lineInfo.file + ":" + std::to_string(info.lineInfo.line));
  }

  const std::function<void(std::string_view)> tell_;
  Catch::IResultCapture& next_;
};

inline const bool catch_is_watched = watch_assertions_with(
  [](std::function<void(std::string_view)> on_failure) -> std::unique_ptr<assertion_watch> {
    return std::make_unique<catch_watch>(std::move(on_failure));
  });

} // namespace troupe::detail

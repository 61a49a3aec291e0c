#include "tests/runtime/rest/library.hpp"

#include "tests/runtime/rest/library.pb.h"

namespace troupe::test {

namespace {

template <class T>
std::shared_ptr<google::protobuf::Message> make() {
  return std::make_shared<T>();
}

template <class Request, class Reply>
method_info method(const service_info& service, std::uint16_t index, std::string_view name,
                   method_kind kind = method_kind::unary) {
  return {.service = &service,
          .index = index,
          .name = name,
          .full_name = name,
          .path = name,
          .kind = kind,
          .new_request = &make<Request>,
          .new_reply = &make<Reply>};
}

} // namespace

const service_info& library_service() {
  using namespace library;
  static service_info info{.name = "troupe.test.library.Library", .find_descriptor = [] {
                             return GetBookRequest::descriptor()->file()->FindServiceByName("Library");
                           }};
  static const method_info methods[] = {
    method<GetBookRequest, Book>(info, 0, "GetBook"),
    method<ListBooksRequest, ListBooksReply>(info, 1, "ListBooks"),
    method<CreateBookRequest, Book>(info, 2, "CreateBook"),
    method<UpdateBookRequest, Book>(info, 3, "UpdateBook"),
    method<GetBookRequest, Book>(info, 4, "ArchiveBook"),
    method<GetBookRequest, Empty>(info, 5, "DeleteBook"),
    method<GetFileRequest, Book>(info, 6, "GetFile"),
    method<GetFileRequest, Book>(info, 7, "Anything"),
    method<TypedRequest, Empty>(info, 8, "Typed"),
    method<NamesRequest, Names>(info, 9, "SetNames"),
    method<GetBookRequest, Book>(info, 10, "Unannotated"),
    method<Book, Empty>(info, 11, "Upload", method_kind::client_streaming),
  };
  info.methods = methods;
  return info;
}

const rest_router& library_router() {
  static const rest_router router = [] {
    const service_info* services[] = {&library_service()};
    return rest_router::build(services).value();
  }();
  return router;
}

} // namespace troupe::test

// A gRPC client that knows nothing of the services it calls but what the server tells about itself: grpc-js carries
// bytes, protobufjs makes messages from the descriptors that reflection (grpc.reflection.v1) sends.

const reflectionProto = `
  syntax = "proto3";
  package grpc.reflection.v1;
  message ServerReflectionRequest {
    string host = 1;
    oneof message_request {
      string file_by_filename = 3;
      string file_containing_symbol = 4;
      string list_services = 7;
    }
  }
  message ServerReflectionResponse {
    FileDescriptorResponse file_descriptor_response = 4;
    ListServiceResponse list_services_response = 6;
    ErrorResponse error_response = 7;
  }
  message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
  message ListServiceResponse { repeated ServiceResponse service = 1; }
  message ServiceResponse { string name = 1; }
  message ErrorResponse { int32 error_code = 1; string error_message = 2; }`;

const kinds = { false: { false: "makeUnaryRequest", true: "makeServerStreamRequest" }, true: { false: "makeClientStreamRequest", true: "makeBidiStreamRequest" } };

export class ReflectedClient {
  // `packages(name)` loads one of "@grpc/grpc-js" and "protobufjs".
  constructor(address, packages) {
    this.grpc = packages("@grpc/grpc-js");
    this.protobuf = packages("protobufjs");
    this.descriptor = packages("protobufjs/ext/descriptor");
    this.client = new this.grpc.Client(address, this.grpc.credentials.createInsecure());
    this.types = this.protobuf.parse(reflectionProto).root;
    this.roots = new Map();
  }

  close() {
    this.client.close();
  }

  // One question to the reflection service.
  ask(question) {
    const requests = this.types.lookupType("grpc.reflection.v1.ServerReflectionRequest");
    const responses = this.types.lookupType("grpc.reflection.v1.ServerReflectionResponse");
    return new Promise((resolve, reject) => {
      const stream = this.client.makeBidiStreamRequest(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        (value) => Buffer.from(requests.encode(requests.create(value)).finish()),
        (bytes) => responses.decode(bytes),
      );
      let answer;
      stream.on("data", (value) => (answer = value));
      stream.on("error", reject);
      stream.on("end", () => (answer?.errorResponse ? reject(new Error(answer.errorResponse.errorMessage)) : resolve(answer)));
      stream.write(question);
      stream.end();
    });
  }

  async services() {
    const answer = await this.ask({ listServices: "*" });
    return answer.listServicesResponse.service.map((each) => each.name).sort();
  }

  // The protobufjs root with the file of a service and all that it imports.
  async root(service) {
    if (this.roots.has(service)) return this.roots.get(service);
    const files = new Map();
    const take = (answer) => {
      for (const bytes of answer.fileDescriptorResponse.fileDescriptorProto) {
        const file = this.descriptor.FileDescriptorProto.decode(bytes);
        files.set(file.name, file);
      }
    };
    take(await this.ask({ fileContainingSymbol: service }));
    for (;;) {
      const missing = [...files.values()].flatMap((file) => file.dependency).find((name) => !files.has(name));
      if (missing === undefined) break;
      take(await this.ask({ fileByFilename: missing }));
    }
    const root = this.protobuf.Root.fromDescriptor({ file: [...files.values()] });
    root.resolveAll();
    this.roots.set(service, root);
    return root;
  }

  // Begins a call. `path` is "/shop.Orders/Place"; `request` a plain object, or nothing where the client streams.
  async start(path, request, { metadata = new this.grpc.Metadata(), ...options } = {}) {
    const [service, name] = path.slice(1).split("/");
    const method = (await this.root(service)).lookupService(service).methods[name];
    const { resolvedRequestType: requests, resolvedResponseType: responses } = method;
    const encode = (value) => Buffer.from(requests.encode(requests.fromObject(value)).finish());
    const decode = (bytes) => responses.toObject(responses.decode(bytes), { longs: Number, enums: String });
    const make = this.client[kinds[Boolean(method.requestStream)][Boolean(method.responseStream)]].bind(this.client);
    const first = method.requestStream ? [] : [request];
    if (method.responseStream) return make(path, encode, decode, ...first, metadata, options);
    const call = {};
    call.answer = new Promise((resolve, reject) => {
      call.stream = make(path, encode, decode, ...first, metadata, options, (error, value) => (error ? reject(error) : resolve(value)));
    });
    return call;
  }

  async unary(path, request, options) {
    return (await this.start(path, request, options)).answer;
  }
}

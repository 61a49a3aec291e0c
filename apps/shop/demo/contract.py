"""The shop's messages in Python, made from the contracts when they are needed, without generated files."""
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONTRACTS = ("catalog", "inventory", "orders", "payments")


class Contract:
    def __init__(self):
        with tempfile.NamedTemporaryFile(suffix=".pb") as compiled:
            subprocess.run(["protoc", f"--proto_path={ROOT}/apps", f"--proto_path={ROOT}/proto", "--include_imports",
                            f"--descriptor_set_out={compiled.name}", "google/rpc/error_details.proto",
                            "google/rpc/status.proto", *(f"shop/{name}.proto" for name in CONTRACTS)], check=True)
            files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(compiled.name).read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self.pool.Add(file)
        self._factory = message_factory.MessageFactory(self.pool)

    def type(self, name):
        """The class of a message: type("shop.Order")."""
        return self._factory.GetPrototype(self.pool.FindMessageTypeByName(name))

    def message(self, name, /, **fields):
        """A message from its JSON form."""
        return json_format.ParseDict(fields, self.type(name)(), descriptor_pool=self.pool)

    def json(self, message):
        """The JSON form of a message."""
        return json_format.MessageToDict(message, descriptor_pool=self.pool)

    def method(self, path):
        """The descriptor of "/shop.Orders/Place"."""
        service, name = path.lstrip("/").split("/")
        return self.pool.FindServiceByName(service).methods_by_name[name]

    def callable(self, channel, path):
        """What calls a method over a gRPC channel, of whichever of the four kinds it is."""
        method = self.method(path)
        kind = ("stream" if method.client_streaming else "unary") + "_" + (
            "stream" if method.server_streaming else "unary")
        reply = self.type(method.output_type.full_name)
        return getattr(channel, kind)(path, request_serializer=lambda message: message.SerializeToString(),
                                      response_deserializer=reply.FromString)

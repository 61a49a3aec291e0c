// The peer of the second REST row: fastify with a schema for the reply, as its documentation advises for speed.
import Fastify from 'fastify';

const quote = JSON.parse(process.argv[2]);
const text = { type: 'string' };
const app = Fastify();
app.get('/v1/quotes/:id', {
  schema: {
    response: {
      200: {
        type: 'object',
        properties: { id: text, author: text, text, likes: text, tags: { type: 'array', items: text } },
      },
    },
  },
}, (request) => ({ ...quote, id: request.params.id }));
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(app.server.address().port);

import type { Handler, Routes } from '../exchange.ts';
import { refuse } from './refusal.ts';

interface Resource {
  readonly methods: ReadonlyMap<string, Handler>;
  /** The value of `Allow`. */
  readonly allow: string;
}

function createResource(handlers: Readonly<Record<string, Handler>>): Resource {
  const methods = new Map(Object.entries(handlers));
  // RFC 9110 9.1: a server supports GET and HEAD together. The engine leaves the body away.
  const get = methods.get('GET');
  if (get) methods.set('HEAD', get);
  return { methods, allow: [...methods.keys()].join(', ') };
}

/**
 * R22: a path matches byte for byte or gets 404; a known path with another method gets 405 and `Allow`. `find` knows
 * the paths that come and go.
 */
export function createRouter(
  routes: Routes,
  find: (path: string) => Routes[string] | undefined = () => undefined,
): Handler {
  const fixed = new Map(
    Object.entries(routes).map(([path, handlers]): [string, Resource] => [path, createResource(handlers)]),
  );
  const found = new WeakMap<Routes[string], Resource>();

  function resourceAt(path: string): Resource | undefined {
    const handlers = find(path);
    if (!handlers) return undefined;
    const resource = found.get(handlers) ?? createResource(handlers);
    found.set(handlers, resource);
    return resource;
  }

  return (exchange) => {
    const resource = fixed.get(exchange.path) ?? resourceAt(exchange.path);
    if (!resource) return refuse(exchange, 404);
    const handler = resource.methods.get(exchange.method);
    if (!handler) return refuse(exchange, 405, { allow: resource.allow });
    return handler(exchange);
  };
}

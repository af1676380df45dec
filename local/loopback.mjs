/**
 * Preload for Node: resolves `localhost` and every name below it to 127.0.0.1, which RFC 6761 (6.3) allows and most
 * systems' resolvers do not do. With the endpoint `http://localhost:PORT` the AWS SDK asks for `BUCKET.localhost` and
 * `ACCOUNT.localhost`; with this look-up they reach the local AWS, and the product's code needs no branch for it.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

const systemLookup = dns.lookup;

dns.lookup = function lookup(hostname, options, callback) {
  const done = typeof options === 'function' ? options : callback;
  if (typeof hostname !== 'string' || !/^(?:.+\.)?localhost\.?$/i.test(hostname)) {
    return systemLookup.call(dns, hostname, options, callback);
  }
  const all = typeof options === 'object' && options !== null && options.all === true;
  process.nextTick(() => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)));
};
syncBuiltinESMExports();

import type { AddressInfo } from 'node:net';
import { createService } from './server.js';

const service = createService();
service.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  const { address, port } = service.address() as AddressInfo;
  console.log(`Listening on http://${address}:${port}`);
});
process.once('SIGTERM', () => service.close());

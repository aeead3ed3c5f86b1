import { benchGatewayCalls } from './gateway/calls.mjs';
import { benchGatewayFootprint } from './gateway/footprint.mjs';
import { benchGatewaySessions } from './gateway/sessions.mjs';

/** Us beside other gateways before the same server: server-everything of npm, over its stdio. */
export async function benchGateway() {
  await benchGatewayCalls();
  await benchGatewayFootprint();
  await benchGatewaySessions();
}

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runConformance, tally } from '../support/conformance.ts';
import { ENGINES } from '../support/listen.ts';
import { register } from '../support/oauth-client.ts';
import { createProgramHome, freePort, PROGRAM, startDaemon } from '../support/program.ts';
import { run } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const BROWSER = fileURLToPath(new URL('../fixtures/browser.mjs', import.meta.url));
/** A client id that is an address would have the daemon fetch it from the internet; clients register instead. */
const NO_CLIENT_ID_DOCUMENTS =
  'WARNING authorization-server-metadata-endpoint/authorization-server-metadata-cimd: Expected "client_id_metadata_document_supported" to be true, got false';

it.each(ENGINES)('the official suite finds our authorization server conforming (%s)', async (engine) => {
  const home = await createProgramHome({ CLAUDE_SECURE_ENGINE: engine });
  const { url } = await startDaemon(home);
  // Its redirect address differs from the suite's in the port alone, as RFC 8252 allows.
  const clientId = JSON.parse((await register(home)).text).client_id;
  const port = String(await freePort());
  const env = { ...home.env, BROWSER_CA: home.paths.caBundle, BROWSER_PROGRAM: PROGRAM };

  const scenarios = await runConformance({
    suite: '0.2.0-alpha.12',
    home,
    args: [
      'authorization',
      '--url',
      url,
      '--client-id',
      clientId,
      '--port',
      port,
      '--resource',
      `${url}/mcp`,
    ],
    async meanwhile({ output, ended }) {
      let over = false;
      void ended.then(() => {
        over = true;
      });
      const page = /^https:\S+\/authorize\?\S+$/m;
      await waitFor('the address of the page', () => over || page.test(output.stdout));
      const [address] = page.exec(output.stdout) ?? [];
      if (address) await run([process.execPath, BROWSER, address], { env, cwd: home.dir });
    },
  });

  expect(scenarios.map(({ name }) => name)).toEqual([
    'authorization-server-metadata-endpoint',
    'authorization-code-grant',
  ]);
  expect(tally(scenarios)).toEqual({ scenarios: 2, passed: 2, problems: [NO_CLIENT_ID_DOCUMENTS] });
});

import type { Context, RunCommand } from '../context.ts';
import { findUpstream } from './find.ts';
import { changeUpstreams } from './save.ts';

function setEnabled(context: Context, name: string, enabled: boolean): Promise<void> {
  return changeUpstreams(context, (definitions) => {
    const chosen = findUpstream(definitions, name);
    if (chosen.enabled === enabled) return definitions;
    return definitions.map((definition) => (definition === chosen ? { ...chosen, enabled } : definition));
  });
}

/** Serves a server again that was disabled. */
export const upstreamEnable: RunCommand = async (context, { words: [name = ''] }) => {
  await setEnabled(context, name, true);
  context.print(`${name} is enabled\n`);
  return 0;
};

/** Keeps a server in upstreams.json without serving it; its process ends. */
export const upstreamDisable: RunCommand = async (context, { words: [name = ''] }) => {
  await setEnabled(context, name, false);
  context.print(`${name} is disabled\n`);
  return 0;
};

import type { RunCommand } from '../context.ts';
import { findUpstream } from './find.ts';
import { changeUpstreams } from './save.ts';

/** Takes one server out of upstreams.json; its process ends. */
export const upstreamRemove: RunCommand = async (context, { words: [name = ''] }) => {
  await changeUpstreams(context, (definitions) => {
    const removed = findUpstream(definitions, name);
    return definitions.filter((definition) => definition !== removed);
  });
  context.print(`removed ${name}\n`);
  return 0;
};

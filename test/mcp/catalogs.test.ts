import { expect, it } from 'vitest';
import { readCatalogs } from '../../src/mcp/catalogs.ts';
import { waitFor } from '../support/wait-for.ts';
import { createMemoryRecords } from './memory-records.ts';

const silent = (): void => {};
const LOG = { error: silent, info: silent, debug: silent, close: silent };
const RECORD = { initialize: undefined, lists: {}, asksBack: false };
const place = (name: string, key: string) => ({ name, key, digest: 'the same' });

it('R52: what a server has offered to one grant goes with it, and nothing else does', async () => {
  const records = createMemoryRecords();
  const catalogs = await readCatalogs(records, LOG);
  for (const [name, key] of [
    ['one', 'a'],
    ['one', 'b'],
    ['two', 'a'],
  ] as const) {
    catalogs.save(place(name, key), RECORD);
  }
  const kept = async () => {
    const keys: string[] = [];
    for await (const [key] of records.entries('catalog/')) keys.push(key.split('/')[1] ?? '');
    return keys.sort().join();
  };
  await waitFor('them to be written', async () => (await kept()) === 'one,one,two');
  catalogs.remove('one', 'a');
  expect(catalogs.get(place('one', 'a'))).toBeUndefined();
  expect(catalogs.get(place('one', 'b'))).toEqual(RECORD);
  await waitFor('it to be gone', async () => (await kept()) === 'one,two');
  catalogs.remove('one');
  await waitFor('all of that server to be gone', async () => (await kept()) === 'two');
});

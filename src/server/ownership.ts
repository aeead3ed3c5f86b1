import { Failure } from '../errors.ts';
import { lookAt } from '../file-failures.ts';
import { readOwnFile, removeFile, writeFileAtomic } from '../files.ts';
import { parseState, type State } from '../state.ts';

export interface Ownership {
  /**
   * Why this daemon is no longer the one (another instance wrote the state, the home or one of its keys is gone),
   * or undefined while all is well, and while the disk does not let us look. A lost or garbled state file is written
   * anew, now or, where that fails, the next time: the port that is kept leads to us meanwhile.
   */
  lost(): string | undefined;
  release(): void;
}

export interface OwnershipOptions {
  stateFile: string;
  /** Without them as they were, nobody could reach this daemon any more: clients, or its owner. */
  keyFiles: readonly string[];
  state: State;
}

/** Modification time and inode: changes whenever the file is replaced. */
function fingerprint(file: string): string | undefined {
  const found = lookAt(file);
  return found && `${found.ino}:${found.mtimeMs}`;
}

/** Says in state.json that this daemon is the one, and notices when that stops being true. */
export function takeOwnership({ stateFile, keyFiles, state }: OwnershipOptions): Ownership {
  const keys = new Map(keyFiles.map((file) => [file, fingerprint(file)]));
  const write = (): void => writeFileAtomic(stateFile, JSON.stringify(state));

  function written(): State | undefined {
    try {
      return parseState(readOwnFile(stateFile) ?? '');
    } catch {
      // A planted symlink or a wrong mode: nothing of ours, and the next start names it.
      return undefined;
    }
  }

  function find(): string | undefined {
    for (const [file, key] of keys) {
      if (fingerprint(file) !== key) return `${file} was replaced or removed`;
    }
    const found = written();
    if (found && found.instanceId !== state.instanceId) return 'another daemon took over';
    if (!found) write();
    return undefined;
  }

  write();
  return {
    lost() {
      try {
        return find();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return undefined;
      }
    },
    release() {
      if (written()?.instanceId === state.instanceId) removeFile(stateFile);
    },
  };
}

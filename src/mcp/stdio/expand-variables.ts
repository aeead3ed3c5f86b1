const REFERENCE = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * The text with `${VAR}` and `${VAR:-default}` replaced, as Claude does it in its own files; everything else, such
 * as `$(id)`, is text. Throws a one-line reason for a variable that is not set and has no default.
 */
export function expandVariables(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(REFERENCE, (_, name: string, fallback: string | undefined) => {
    // `constructor` is no variable, though every object has one.
    const value = (Object.hasOwn(env, name) ? env[name] : undefined) ?? fallback;
    if (value === undefined) throw new Error(`the variable ${name} is not set and has no default`);
    return value;
  });
}

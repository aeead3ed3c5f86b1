/** True if the `Accept` header lists the media type or a range with it; a missing header lists nothing. */
export function accepts(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined) return false;
  const [type] = mediaType.split('/');
  return accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return !isRefused && (name === mediaType || name === `${type}/*` || name === '*/*');
  });
}

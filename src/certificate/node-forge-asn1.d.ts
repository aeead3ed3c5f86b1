// node-forge's ASN.1 alone loads in 6 ms, the whole of it in 37 (measured); its types name only the whole.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 } from 'node-forge';

  const asn1Module: typeof asn1;
  export = asn1Module;
}

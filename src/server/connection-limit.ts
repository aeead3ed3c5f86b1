import { limits } from '../limits.ts';

/**
 * R19: how many of the `wanted` connections may be open at once, always leaving `limits.descriptorReserve` descriptors
 * for files: without any left, uWebSockets.js spins at 80 % CPU (measured). Windows has no such limit to read.
 */
export function maxConnections(wanted: number = limits.connections): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const descriptors = Number(report.userLimits?.open_files?.soft ?? Number.NaN);
  if (Number.isNaN(descriptors)) return wanted;
  return Math.max(1, Math.min(wanted, descriptors - limits.descriptorReserve));
}

/** Every security number, in one place. Requirements (R…, L…) are those of SECURITY.md. */
const KIB = 1_024;
const MIB = 1_048_576;
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

export const limits = {
  /** R17: a JWT, MCP headers and an 8 KiB authorize URL fit; uWebSockets.js' own default is 4 KiB. */
  headerBytes: 16 * KIB,
  headerCount: 100,
  /** R18. */
  mcpBodyBytes: 4 * MIB,
  formBodyBytes: 16 * KIB,
  registrationBodyBytes: 32 * KIB,
  controlBodyBytes: 16 * KIB,
  /** Bodies being received, all connections together: beyond this a request is refused with 503. */
  pendingBodyBytes: 64 * MIB,
  /** R18: a body must arrive whole within this time. */
  bodyMs: 30 * SECOND,
  headersMs: 10 * SECOND,
  keepAliveMs: 75 * SECOND,
  /** R19. */
  connections: 2_000,
  descriptorReserve: 128,
  /** Of the connections: what one address may hold of them without a good credential. */
  strangersShare: 1 / 2,
  registrationsPerMinute: 20,
  tokenFailuresPerMinute: 30,
  authorizationsPerMinute: 60,
  controlFailuresPerMinute: 10,
  /** R24. */
  streamQueueBytes: MIB,
  streamStallMs: 30 * SECOND,
  sseKeepAliveMs: 15 * SECOND,

  /** R26, R27, R34. */
  consentMs: 10 * MINUTE,
  /** A waiting page's request is held so long; a browser that hears nothing for a minute may show an error instead. */
  consentHoldMs: 45 * SECOND,
  openConsents: 100,
  matchCodeBits: 40,
  authorizationCodeMs: 60 * SECOND,
  /** R36. */
  refreshGraceMs: 10 * SECOND,
  refreshIdleMs: 14 * DAY,
  refreshAbsoluteMs: 90 * DAY,
  accessTokenMs: HOUR,
  /** R45. */
  clockSkewMs: MINUTE,
  /** R45: streams of an expired token close within 5 s, whatever the wall clock did. */
  expiryCheckMs: 2 * SECOND,
  clockFloorMs: MINUTE,
  /** L12: what has expired is gone from the store 10 min later. */
  purgeMs: 10 * MINUTE,
  /** R46: how long a key signs, and how long a used code is remembered to notice a replay (R34). */
  signingKeyMs: 90 * DAY,
  usedCodeMs: HOUR,
  /** R31. */
  unapprovedClients: 500,
  unapprovedClientMs: DAY,
  clientNameLength: 64,
  redirectUris: 10,
  redirectUriLength: 2_000,
  verifiedTokens: 10_000,

  /** R48, R52. */
  sessions: 10_000,
  sessionsPerGrant: 64,
  sessionIdleMs: 30 * MINUTE,
  requestsInFlight: 32,
  /** Of a JSON-RPC id and of a progress token: they are kept for as long as something goes by them. */
  requestIdLength: 64 * KIB,
  /** Of a request, as JSON, that is kept whole until its answer comes. */
  pendingRequestBytes: 4 * KIB,
  /** Of what a client says of itself, as JSON: it is kept as long as its session, and written down with it. */
  initializeLength: 64 * KIB,
  jsonDepth: 64,
  /** Of a body: 4 MiB hold 500,000 numbers, which as objects would take ten times as much. */
  jsonValues: 524_288,
  /** Events kept for `Last-Event-ID`, for each session and in all. */
  replayEvents: 256,
  replayBytes: MIB,
  replayTotalBytes: 64 * MIB,

  /** R52, L15: of the bodies of all requests that wait for their answers, as they are in memory. */
  openBodiesWeight: 64 * MIB,
  /** R52: for each grant, over all stateless requests. */
  statelessInFlight: 256,
  subscriptions: 100,
  parkedCalls: 64,
  /** A parked call keeps its turn so long for a client of which nobody knows whether it is still there. */
  parkedTurnMs: 3 * SECOND,
  /** A question to a client may wait this long for its answer, a parked call for its retry (mcp.md 5.2). */
  askMs: 10 * MINUTE,
  /** Questions that come this close together travel in one result (mcp.md 5.2). */
  askWindowMs: 20,

  /** R52: of all servers together. A --per-session one has a process for each session. */
  upstreamProcesses: 256,
  /** R54. */
  upstreamLineBytes: 8 * MIB,
  /** Of notifications, and as many requests; what is more is dropped. */
  upstreamFloodPerSecond: 5_000,
  /** Questions that one client has open: beyond this a server gets an error. */
  upstreamQuestions: 32,
  /** Of the ids of tasks and pages and of a list's cursors: a longer one is not remembered. */
  upstreamIdLength: 1_024,
  /** Of a resource that one may subscribe to. */
  resourceUriLength: 8 * KIB,
  /** Of the lists that are kept of a server, as JSON; what is more is asked for each time. */
  upstreamCatalogLength: 16 * MIB,
  upstreamStderrLinesPerMinute: 120,
  upstreamStderrLineBytes: 4 * KIB,
  /** What a server has not read yet: from half of this on it gets no more calls, beyond this it counts as hung. */
  upstreamQueueBytes: 16 * MIB,
  /** Of the calls that wait for their turn or for a server's start, as JSON: beyond this a new one is refused (R52). */
  waitingCallsLength: 16 * MIB,
  /** R54: a server that says nothing for so long, not even to a ping, counts as hung. */
  upstreamHangMs: MINUTE,
  /** So long after a call has ended or was cancelled, what the server says may still be meant for its client. */
  upstreamLateMs: 10 * SECOND,
  upstreamStartMs: MINUTE,
  /** R54: restarts wait 1 s, then twice as long each time; a process that lived this long begins anew. */
  upstreamBackoffMs: SECOND,
  upstreamBackoffMaxMs: MINUTE,
  upstreamHealthyMs: MINUTE,
  /** A call waits this long for a restart; behind a longer back-off it fails at once. */
  upstreamPatienceMs: 5 * SECOND,
  /** A process that no client is connected to ends after this long without a call. */
  upstreamIdleMs: 30 * MINUTE,
  /** Between closing stdin, SIGTERM and SIGKILL. */
  upstreamStopMs: 2 * SECOND,
  trafficEntries: 500,

  /** Certificates: days, and the share of life left at which the server certificate is renewed. */
  rootDays: 3_650,
  serverDays: 90,
  renewalShare: 1 / 3,
  renewalCheckMs: HOUR,
  /** How long a listening socket may be unavailable while certificates are swapped (design 8). */
  relistenMs: SECOND,

  /** R56. */
  logBytes: 10 * MIB,
  logFiles: 3,
  refusalLinesPerMinute: 60,
  refusalLinesPerMinuteInAll: 600,

  /** Launcher and daemon life (reference/launcher.md 5). */
  probeMs: SECOND,
  controlMs: 10 * SECOND,
  startMs: 10 * SECOND,
  startLockMs: 5 * SECOND,
  heartbeatMs: 2 * SECOND,
  clockGapMs: 30 * SECOND,
  drainMs: 5 * SECOND,
  launchFilesMs: 30 * DAY,
  crashWindowMs: MINUTE,
  crashesInWindow: 3,
  crashBackoffMaxMs: 10 * MINUTE,
} as const;

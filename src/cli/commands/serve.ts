import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { App } from '../app.ts'
import { defineCommand } from '../command.ts'
import { withWritableLog } from '../database.ts'
import { UsageError } from '../errors.ts'

interface ServeOptions {
  readonly listen: string
  readonly port: number
  readonly tokenFile?: string
  readonly rate?: number
  readonly logLevel: string
}

/** `klplog serve`: the log over HTTP. */
export const serve = defineCommand<ServeOptions>({
  name: 'serve',
  group: 'The log itself:',
  summary: 'answer questions and take events over HTTP, and serve the time-travel page',
  description: `Serves the log over HTTP until it is told to stop: the questions as JSON, a live stream of what
comes, the time-travel page, and the way in for hosts that ship evidence with \`klplog ingest --to\`.
GET /v1/openapi.json describes it all: http://127.0.0.1:7657/v1/gaps?at=+25 is the same question as
klplog gaps --at +25.

It listens on the loopback address, where whoever is on this host may ask. For any other address a file of
tokens is needed, which only its owner may read: a line for each, with read, append or admin, the token, and
a name for it. What it does is logged as JSON lines on standard error.`,
  examples: [
    'klplog serve',
    'klplog serve --port 0 --db /var/lib/klplog/klplog.db',
    'klplog serve --listen 0.0.0.0 --token-file /etc/klplog/tokens'
  ],
  define,
  run: async (app, options) => {
    const { io } = app
    const start = io.startService
    if (start === undefined)
      throw new UsageError('this klplog has no service', 'Start it with bin/klplog.js.')
    await withWritableLog(app, { make: true }, async (log) => {
      const service = await start({
        log,
        databasePath: app.databasePath,
        host: options.listen,
        port: options.port,
        tokenFile: options.tokenFile ?? null,
        pagePath: builtPage(),
        logLevel: options.logLevel,
        limits: limitsOf(options),
        stderr: io.stderr,
        now: io.now
      })
      const told = toldToStop(app)
      await app.print(service.url)
      await told
      await service.stop()
    })
    return undefined
  }
})

function define(command: Command): void {
  command
    .option('--listen <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port, or 0 for any that is free (default: 7657)', parsePort, 7657)
    .option('--token-file <file>', 'the tokens that are let in; needed beyond the loopback address')
    .option('--rate <requests>', 'how many requests a second one client may make (default: 200)', parseRate)
    .addOption(
      new Option('--log-level <level>', 'what is logged')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info')
    )
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new InvalidArgumentError('Give a number from 0 to 65535.')
}

function parseRate(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a number of requests a second.')
}

/** A client may save up two seconds of its requests. */
function limitsOf({ rate }: ServeOptions) {
  return rate === undefined ? {} : { requestsPerSecond: rate, requestsBurst: 2 * rate }
}

/** Resolves at Ctrl-C, or when the system asks the process to end. */
function toldToStop({ io }: App): Promise<void> {
  return new Promise((resolve) => {
    const stopListening = [io.onInterrupt(stop), io.onTerminate?.(stop)]
    function stop(): void {
      for (const one of stopListening) one?.()
      resolve()
    }
  })
}

/** The page that the build made: `dist/web`, seen from the source or from the compiled file. */
function builtPage(): string | null {
  const places = ['../../../dist/web/page.html', '../../../web/page.html']
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return paths.find((path) => existsSync(path)) ?? null
}

import { HttpProblem } from './problem.ts'

/**
 * Reads a body of JSON: at most so many bytes, and UTF-8 without a fault.
 * @throws HttpProblem
 */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  assertJson(request)
  const text = decode(await readBytes(request, bytesMax))
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new HttpProblem('bad-request', `the body is no JSON: ${why}`, { hint: 'Send one JSON value.' })
  }
}

function assertJson(request: Request): void {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new HttpProblem('unsupported-media-type', 'the body has to be JSON', {
      hint: 'Send it with "Content-Type: application/json".'
    })
  }
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new HttpProblem('unsupported-media-type', 'the body must not be compressed', {
      hint: 'Send it without Content-Encoding.'
    })
  }
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new HttpProblem('too-large', `the body has more than ${bytesMax} bytes`, {
      hint: 'Send fewer events at once.'
    })
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength
      if (length > bytesMax) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof HttpProblem) throw error
    throw new HttpProblem('bad-request', 'the body did not arrive whole', { hint: 'Send it again.' })
  }
  return Buffer.concat(chunks, length)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new HttpProblem('bad-request', 'the body is not UTF-8', { hint: 'Send JSON in UTF-8.' })
  }
}

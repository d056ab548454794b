import { StringDecoder } from 'node:string_decoder'

/**
 * Lines of UTF-8 text, ended by `\n` alone: node:readline also ends them at U+2028, which JSON has in its
 * strings as it is.
 */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + decoder.write(Buffer.from(chunk))).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}

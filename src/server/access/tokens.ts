import { createHash, timingSafeEqual } from 'node:crypto'

/** What a token allows: `admin` allows all. */
export const roles = ['read', 'append', 'admin'] as const
export type Role = (typeof roles)[number]

/** A token of the file; what is kept of it is its digest. */
interface Token {
  readonly role: Role
  readonly digest: Buffer
  /** For logs and limits: never the token itself. */
  readonly name: string
}

/** Who asks, as far as a token tells. */
export interface Bearer {
  readonly name: string
  readonly role: Role
}

/** A short token would soon be guessed. */
const tokenCharsMin = 16

/** The tokens that the service takes. */
export class Tokens {
  readonly #tokens: readonly Token[]

  private constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /**
   * Reads lines of `ROLE TOKEN [NAME]`; empty lines and those that begin with # say nothing.
   * @throws SyntaxError that says which line is wrong, without what it holds
   */
  static parse(text: string): Tokens {
    const tokens: Token[] = []
    for (const [index, line] of text.split('\n').entries()) {
      const words = line.trim().split(/\s+/)
      if (words[0] === '' || words[0]?.startsWith('#') === true) continue
      tokens.push(parseToken(words, index + 1))
    }
    if (tokens.length === 0) throw new SyntaxError('no token is in it')
    return new Tokens(tokens)
  }

  /** Whose token it is. Every one is compared, each in the same time, so that the time tells nothing. */
  find(token: string): Bearer | null {
    const digest = digestOf(token)
    let found: Token | null = null
    for (const one of this.#tokens) if (timingSafeEqual(one.digest, digest)) found = one
    return found === null ? null : { name: found.name, role: found.role }
  }
}

function parseToken([role = '', token = '', ...name]: readonly string[], line: number): Token {
  if (!isRole(role)) throw new SyntaxError(`line ${line} does not begin with ${roles.join(', ')}`)
  if (token.length < tokenCharsMin) {
    throw new SyntaxError(`the token of line ${line} has less than ${tokenCharsMin} characters`)
  }
  return { role, digest: digestOf(token), name: name.length === 0 ? `${role}@${line}` : name.join(' ') }
}

function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text)
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Whether a role suffices where another is asked for. */
export function allows(has: Role, needed: Role): boolean {
  return has === 'admin' || has === needed
}

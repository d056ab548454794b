import fc from 'fast-check'

/** A schema of the OpenAPI document, as far as ours use it. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly $ref?: string
}

export interface Operation {
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'query' | 'path'
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** Text that is no honest parameter: empty, long, with control characters, half of a surrogate pair. */
const awkwardText = fc.constantFrom(
  '',
  ' ',
  '\0',
  '../../etc/passwd',
  '%',
  '%ff',
  '\ud800',
  "' or 1=1 --",
  '@',
  '@0',
  '@-1',
  '@99999999999999999999',
  '+',
  '-',
  '+99999999999999999999999999',
  '9999-99-99',
  '0',
  '-1',
  '1e9',
  'null',
  '[]',
  '__proto__',
  'constructor',
  'x'.repeat(501),
  'x'.repeat(5000)
)

/** Any text, mostly awkward, sometimes what might be meant. */
export const anyText = fc.oneof(
  awkwardText,
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('boot', 'now', '+25', '@100', 'hook', 'patch.enabled', 'lp_hook', 'a/1', 'verify', 'true')
)

/** Any value of JSON, with what parsers stumble over. */
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  awkwardText,
  fc.constantFrom<unknown>(1e308, -0, 2 ** 53, 1.5, [[[[[[[[]]]]]]]], { __proto__x: 1 }, [null], {})
)

/** Values that fit a schema here and there: any part may be another value, be missing, or be one too many. */
export function nearly(schema: Schema, document: Document, depth = 0): fc.Arbitrary<unknown> {
  const fitting = fitted(schema, document, depth)
  return fc.oneof({ weight: 6, arbitrary: fitting }, { weight: 1, arbitrary: anyJson })
}

function fitted(schema: Schema, document: Document, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return fitted(document.components.schemas[name] ?? {}, document, depth)
  }
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const options = schema.oneOf ?? schema.anyOf
  if (options !== undefined) return fc.oneof(...options.map((one) => fitted(one, document, depth)))
  if (schema.allOf !== undefined) return fitted(schema.allOf[0] ?? {}, document, depth)
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['null'])
  return fc.oneof(...types.map((type) => ofType(type, schema, document, depth)))
}

function ofType(type: string, schema: Schema, document: Document, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, field]) => [name, nearly(field, document, depth + 1)] as const
      )
      const whole = fc.record(Object.fromEntries(fields))
      const partial = fc.record(Object.fromEntries(fields), { requiredKeys: [] })
      return fc.oneof(
        { weight: 4, arbitrary: whole },
        { weight: 1, arbitrary: partial },
        { weight: 1, arbitrary: whole.map((value) => ({ ...value, more: 1 })) }
      )
    }
    case 'array':
      return fc.array(nearly(schema.items ?? {}, document, depth + 1), { maxLength: 3 })
    case 'integer':
    case 'number':
      return fc.oneof(fc.nat(1000), fc.integer(), fc.constantFrom(-1, 1.5, 2 ** 53))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.oneof(anyText, fc.stringMatching(/^[0-9a-f]{32}$/), fc.stringMatching(/^-?\d{1,19}$/))
  }
}

/** A list to choose one of, with its label. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChoose,
  kind = ''
}: {
  label: string
  value: Value
  options: readonly { readonly value: Value; readonly text: string }[]
  onChoose: (value: Value) => void
  /** A class of its own. */
  kind?: string
}) {
  return (
    <label class={`check ${kind}`}>
      {label}
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value as Value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Options that are called by what they are. */
export function named<Value extends string>(values: readonly Value[]) {
  return values.map((value) => ({ value, text: value }))
}

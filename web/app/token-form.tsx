import { useState } from 'preact/hooks'

/** Asks for the token that the service wants; it is kept for as long as the tab is open. */
export function TokenForm({ onToken }: { onToken: (token: string) => void }) {
  const [token, setToken] = useState('')
  return (
    <form
      class="problem"
      onSubmit={(event) => {
        event.preventDefault()
        onToken(token.trim())
      }}
    >
      <label>
        This service wants a token for reading:{' '}
        <input
          type="password"
          autocomplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>{' '}
      <button type="submit">Show the log</button>
    </form>
  )
}

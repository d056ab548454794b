/** The page's styles: the colours of the reader's system, and a name beside every colour. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1c2128; --paper: #ffffff; --faint: #57606a; --line: #d0d7de;
  --patch: #b6d7f5; --moving: #f5dfa6; --gone: #d8dce1; --live: #b9e3c2; --bad: #f4b8b2; --wrong: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #12161c; --faint: #9aa4af; --line: #30363d;
  --patch: #1f4c75; --moving: #6b541b; --gone: #3a4149; --live: #22593a; --bad: #7a2d28; --wrong: #ff8a80; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 68rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); margin-top: 1.5rem; }
.id { border: 1px solid var(--line); border-radius: 4px; padding: 0 .4rem; }
.broken, .wrong { color: var(--wrong); } .fine { color: var(--faint); }
.change { font-family: ui-monospace, monospace; font-size: .85rem; color: var(--faint); white-space: pre-wrap; }
.lanes { overflow-x: auto; } .digest { color: var(--faint); font-size: .8rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; border: 1px solid var(--line); padding: .6rem; font-size: .85rem; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg text.wrong { fill: var(--wrong); }
svg .at { fill: var(--bad); opacity: .35; } svg .lane rect { fill: var(--gone); stroke: var(--line); }
svg .enabled rect { fill: var(--patch); } svg .patching rect, svg .unpatching rect, svg .partial rect { fill: var(--moving); }
svg .active rect { fill: var(--live); } svg .shadowed rect, svg .stale rect, svg .gone rect { fill: var(--bad); }
`

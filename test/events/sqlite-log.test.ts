import { logContract } from './log-contract.ts'
import { sqliteHarness } from './sqlite-harness.ts'

logContract('SQLite', sqliteHarness)

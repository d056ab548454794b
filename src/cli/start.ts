import { startService } from '../server/index.ts'
import { processIo } from './io.ts'
import { run } from './main.ts'

// The faces do not know one another; they meet here.
process.exitCode = await run(process.argv.slice(2), { ...processIo(), startService })

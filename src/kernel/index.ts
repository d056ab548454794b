/** The kernel room: what a kernel would do. The only place with kernel rules. */
export type { Observer } from './act.ts'
export { type BugName, bugNames, hasBug, kernelBugs } from './bugs.ts'
export { enabledOperations, type Offers } from './enabled-operations.ts'
export { decide, type Outcome, perform } from './kernel.ts'
export {
  type CallbackName,
  type ModuleSpec,
  type ObjectSpec,
  type PatchSpec,
  plainModule,
  plainPatch
} from './module-spec.ts'
export type { FailingStep, Operation, TaskConditions } from './operation.ts'
export { hybrid } from './policies/hybrid.ts'
export { mainline } from './policies/mainline.ts'
export { replaceSet } from './policies/replace-set.ts'
export type { PolicyRules } from './policy.ts'
export { versionFor } from './task-life.ts'
export { isPending, pendingTasks } from './try-task.ts'
export { isSyscallEntry, type KernelTraits, linux72, linux612, type World } from './world.ts'

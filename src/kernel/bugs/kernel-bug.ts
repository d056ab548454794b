/** A way in which a kernel was, or could be, wrong: a switch of the model, off unless a world has it. */
export interface KernelBug {
  /** The commit that cured it, the mail or the part that names it; null where no kernel ever had it. */
  readonly origin: string | null
  /** What the kernel does with it, in a sentence. */
  readonly says: string
  /** The invariant of part E that catches it. */
  readonly breaks: string
}

import fc from 'fast-check'

/**
 * Properties try the same cases in every run, so that what a run finds is about the change that it is run for;
 * `KLPLOG_PROPERTY_SEED=N` tries others.
 */
fc.configureGlobal({ seed: Number(process.env.KLPLOG_PROPERTY_SEED ?? 1) })

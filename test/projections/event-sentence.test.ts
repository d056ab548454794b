import { describe, expect, test } from 'vitest'
import { type EventData, type EventType, eventTypes, type Fact } from '../../src/events/index.ts'
import { eventSentence } from '../../src/projections/index.ts'

const patch = 'lp_a'
const forward = { patch, goal: 'patched' } as const
const back = { patch, goal: 'unpatched' } as const
const task = { pid: 171, comm: 'labctl' }
const ov = { program: 'ov', programId: null, linkId: null }
const place = { kind: 'kprobe', module: 'lp_a', function: 'lp_a_f' } as const
const klpFuncs = [
  { name: 'f', sympos: 1, newName: 'lp_a_f', nop: false },
  { name: 'g', sympos: 2, newName: null, nop: true }
]

type Told = { [T in EventType]: readonly (readonly [EventData<T>, string])[] }

const told: Told = {
  'patch.enabled': [
    [
      {
        patch,
        replace: true,
        replaceable: false,
        replaceSet: null,
        objects: [{ name: 'vmlinux', functions: klpFuncs }],
        nopsListed: true,
        states: [],
        actor: null
      },
      "enabling patch 'lp_a': patches vmlinux:f, nop vmlinux:g,2; replaces others; not replaceable"
    ],
    [
      {
        patch,
        replace: false,
        replaceable: null,
        replaceSet: 3,
        objects: null,
        nopsListed: false,
        states: [],
        actor: null
      },
      "enabling patch 'lp_a': functions unknown; replace set 3"
    ]
  ],
  'patch.replaced': [[{ patch, by: 'lp_b' }, "'lp_b' replaced 'lp_a', none of whose callbacks runs"]],
  'patch.unpatched': [
    [
      { patch, reason: 'disabled', functions: ['f', 'g'] },
      "'lp_a' left the function stacks (disabled): f, g"
    ],
    [{ patch, reason: 'cancelled', functions: null }, "'lp_a' left the function stacks (cancelled)"]
  ],
  'patch.freed': [[{ patch }, "'lp_a' is freed: off the list of patches, its sysfs directory gone"]],
  'patch.rejected': [
    [
      { patch, operation: 'enable', value: null, errno: 22, message: "symbol 'x' not found", actor: null },
      "enabling 'lp_a' is refused with EINVAL (22): symbol 'x' not found"
    ],
    [
      { patch, operation: 'write-enabled', value: '1', errno: null, message: null, actor: null },
      "writing 1 to enabled of 'lp_a' is refused"
    ],
    [
      { patch, operation: 'force', value: '1', errno: 9999, message: null, actor: null },
      "forcing 'lp_a' is refused with errno 9999 (9999)"
    ]
  ],
  'patch.disabled': [[{ patch, actor: null }, "disabling patch 'lp_a'"]],
  'patch.marked': [
    [{ patch, replaceable: true, actor: null }, "'lp_a' is marked replaceable"],
    [{ patch, replaceable: false, actor: null }, "'lp_a' is marked not replaceable"]
  ],
  'patch.pinned': [
    [{ patch, by: 'lp_b' }, "'lp_a' is pinned by the force of 'lp_b': its module stays for good"]
  ],
  'transition.started': [
    [forward, "'lp_a': starting patching transition"],
    [back, "'lp_a': starting unpatching transition"]
  ],
  'transition.completed': [
    [forward, "'lp_a': patching complete"],
    [back, "'lp_a': unpatching complete"]
  ],
  'transition.tried': [[forward, "'lp_a': trying to complete the patching transition"]],
  'transition.reversed': [
    [back, "'lp_a': reversing transition from patching to unpatching"],
    [forward, "'lp_a': reversing transition from unpatching to patching"]
  ],
  'transition.forced': [[{ ...back, actor: null }, "'lp_a': forcing remaining tasks to the unpatched state"]],
  'transition.signaled': [[forward, "'lp_a': signaling remaining tasks"]],
  'transition.cancelled': [[{ patch }, "'lp_a': canceling patching transition, going to unpatch"]],
  'task.switched': [
    [{ ...forward, ...task, how: 'checked' }, "labctl:171 is patched for 'lp_a': its stack was clean"],
    [{ ...back, ...task, how: 'self' }, "labctl:171 is unpatched for 'lp_a': switched itself"]
  ],
  'task.blocked': [
    [
      { ...forward, ...task, reason: 'sleeping', function: 'f' },
      "labctl:171 is sleeping on function f: 'lp_a' has to wait"
    ],
    [
      { ...forward, ...task, reason: 'sleeping', function: null },
      "labctl:171 is sleeping: 'lp_a' has to wait"
    ],
    [{ ...forward, ...task, reason: 'running', function: null }, "labctl:171 is running: 'lp_a' has to wait"],
    [
      { ...forward, ...task, reason: 'unreliable-stack', function: null },
      "labctl:171 has an unreliable stack: 'lp_a' has to wait"
    ],
    [
      { ...forward, ...task, reason: 'unknown', function: null },
      "labctl:171 could not be switched: 'lp_a' has to wait"
    ]
  ],
  'task.started': [
    [{ ...task, parent: null }, 'labctl:171 is there'],
    [{ ...task, parent: 1 }, 'labctl:171 is forked by 1']
  ],
  'task.exited': [[task, 'labctl:171 exited']],
  'call.entered': [
    [
      { ...task, object: 'vmlinux', function: 'f', version: 'lp_a' },
      "labctl:171 calls vmlinux:f and runs 'lp_a'"
    ],
    [
      { ...task, object: 'vmlinux', function: 'f', version: 'original' },
      'labctl:171 calls vmlinux:f and runs the original'
    ]
  ],
  'call.returned': [[task, 'the innermost call of labctl:171 returned']],
  'object.patched': [
    [{ patch, object: 'vmlinux' }, "'lp_a' is on top of the stacks of its functions in vmlinux"]
  ],
  'object.unpatched': [
    [{ patch, object: 'vmlinux', nopsOnly: false, functions: ['f'] }, "'lp_a' left the stacks of vmlinux: f"],
    [
      { patch, object: 'vmlinux', nopsOnly: true, functions: [] },
      "the nops of 'lp_a' left the stacks of vmlinux"
    ]
  ],
  'nop.added': [[{ patch, object: 'vmlinux', function: 'f', sympos: 1 }, "'lp_a' got a nop for vmlinux:f"]],
  'nop.discarded': [[{ patch, functions: null }, "the nops of 'lp_a' are discarded"]],
  'callback.ran': [
    [{ patch, callback: 'pre_patch', object: 'vmlinux', ret: 0 }, "pre_patch of 'lp_a' ran for vmlinux"],
    [
      { patch, callback: 'pre_patch', object: 'vmlinux', ret: -19 },
      "pre_patch of 'lp_a' ran for vmlinux and failed with ENODEV (19)"
    ]
  ],
  'hook.attached': [
    [
      { ...ov, ...place, address: '0x1', overrides: true, overrideValue: '42', filter: null, actor: null },
      'ov is attached to lp_a:lp_a_f (kprobe), may override the return value with 42'
    ],
    [
      {
        ...ov,
        kind: 'fentry',
        module: null,
        function: 'f',
        address: null,
        overrides: false,
        overrideValue: null,
        filter: 'cgroup 7',
        actor: null
      },
      'ov is attached to f (fentry), filter cgroup 7'
    ]
  ],
  'hook.rejected': [
    [
      { program: 'ov', ...place, errno: 2, actor: null },
      'attaching ov to lp_a:lp_a_f (kprobe) is refused with ENOENT (2)'
    ]
  ],
  'hook.detached': [[{ ...ov, actor: null }, 'ov is detached']],
  'hook.killed': [
    [{ address: '0x1', symbol: 'lp_a:f' }, 'the kprobes at lp_a:f are [GONE]: their module goes'],
    [{ address: '0x1', symbol: null }, 'the kprobes at 0x1 are [GONE]: their module goes']
  ],
  'hook.counted': [
    [{ program: 'ov', programId: null, hits: '1', overrides: null }, 'ov has been hit once'],
    [
      { program: 'ov', programId: null, hits: '12', overrides: '0' },
      'ov has been hit 12 times and has overridden 0 times'
    ]
  ],
  'host.booted': [
    [
      {
        release: '6.12.117',
        policy: 'hybrid',
        policyFrom: 'given',
        hasStackOrder: null,
        kprobeTracer: false
      },
      'Linux 6.12.117, hybrid policy (given)'
    ],
    [
      {
        release: null,
        policy: null,
        policyFrom: 'no sysfs was read',
        hasStackOrder: null,
        kprobeTracer: false
      },
      'Linux of unknown release, policy unknown'
    ]
  ],
  'host.observed': [
    [
      {
        fromNs: '0',
        label: 'before',
        patches: [],
        modules: null,
        kprobes: [],
        hooks: null,
        hooksComplete: false
      },
      'snapshot "before": 0 patches, 0 kprobes'
    ]
  ],
  'evidence.lost': [
    [{ count: 1, reason: 'overrun' }, '1 record lost before this: overrun'],
    [{ count: null, reason: 'overrun' }, 'an unknown number of records lost before this: overrun']
  ],
  'setting.changed': [[{ name: 'kernel.ftrace_enabled', value: '0' }, 'kernel.ftrace_enabled is set to 0']],
  'damage.done': [[{ kind: 'relocation', subject: 'p mod' }, 'a bug leaves relocation of p mod wrong']],
  'damage.undone': [[{ kind: 'relocation', subject: 'p mod' }, 'relocation of p mod is right again']],
  'kernel.printed': [[{ level: 'notice', message: 'livepatch: x' }, 'kernel log (notice): livepatch: x']],
  'command.ran': [
    [
      {
        command: 'rmmod lp_a',
        operation: null,
        target: null,
        value: null,
        errno: 0,
        startNs: '0',
        actor: null
      },
      '`rmmod lp_a` succeeded'
    ],
    [
      {
        command: 'rmmod lp_a',
        operation: null,
        target: null,
        value: null,
        errno: 11,
        startNs: '0',
        actor: null
      },
      '`rmmod lp_a` failed with EAGAIN (11)'
    ],
    [
      {
        command: 'rmmod lp_a',
        operation: null,
        target: null,
        value: null,
        errno: null,
        startNs: '0',
        actor: null
      },
      '`rmmod lp_a` ended'
    ]
  ],
  'module.loaded': [
    [
      { module: 'lp_a', livepatch: true, actor: null },
      'livepatch module lp_a is coming: its code is in place'
    ],
    [{ module: 'm', livepatch: null, actor: null }, 'module m is coming: its code is in place']
  ],
  'module.going': [
    [{ module: 'm', actor: null }, 'module m is going: patches of it are about to be reverted']
  ],
  'module.unloaded': [
    [{ module: 'm', reason: 'removed' }, 'module m is gone'],
    [{ module: 'm', reason: 'refused' }, 'module m is gone: its load was refused']
  ]
}

describe('eventSentence', () => {
  test.each(eventTypes)('says what %s means', (type) => {
    expect(told[type].length).toBeGreaterThan(0)
    for (const [data, sentence] of told[type]) expect(eventSentence({ type, data } as Fact)).toBe(sentence)
  })
})

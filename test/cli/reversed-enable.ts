/** A trace of an enable that was reversed half way, as a kernel without dynamic debug writes it. */
export const reversedEnable = `
          labctl-100   [000] .....    10.000000: module_coming: (klp_module_coming+0x4/0x240) mod="lp_new"
          labctl-100   [000] .....    10.001000: module_load: lp_new O0x8000
          labctl-100   [000] .....    10.002000: enable_patch: (klp_enable_patch+0x4/0x9a0) patch="lp_new" replace=1
          labctl-100   [000] d....    10.003000: console: livepatch: enabling patch 'lp_new'
          labctl-100   [000] .....    10.004000: init_transition: (klp_init_transition+0x4/0x1e0) patch="lp_new" state=1
          labctl-100   [000] .....    10.005000: patch_object: (klp_patch_object+0x4/0x280) patch="lp_new" obj="vmlinux"
          labctl-100   [000] .....    10.006000: patch_object_ret: (klp_enable_patch+0x4f5/0x9a0 <- klp_patch_object) ret=0
          labctl-100   [000] .....    10.007000: start_transition: (klp_start_transition+0x4/0x1b0) patch="lp_new" target=1
          labctl-100   [000] d....    10.007100: console: livepatch: 'lp_new': starting patching transition
          labctl-100   [000] .....    10.008000: try_complete: (klp_try_complete_transition+0x4/0x360) patch="lp_new" target=1
          labctl-100   [000] d....    10.008100: switch_task: (task_call_func+0x70/0xd0 <- klp_check_and_switch_task) comm="init" pid=1 ret=0
          labctl-100   [000] d....    10.008200: switch_task: (task_call_func+0x70/0xd0 <- klp_check_and_switch_task) comm="busy" pid=50 ret=-98
          labctl-100   [000] .....    10.009000: enable_patch_ret: (do_one_initcall+0x5b/0x320 <- klp_enable_patch) ret=0
          labctl-101   [000] .....    12.000000: enabled_store: (enabled_store+0x4/0x150) patch="lp_new" value="0"
          labctl-101   [000] .....    12.001000: reverse: (klp_reverse_transition+0x4/0x150) patch="lp_new" target=1
          labctl-101   [000] .....    12.002000: start_transition: (klp_start_transition+0x4/0x1b0) patch="lp_new" target=0
          labctl-101   [000] d....    12.002100: console: livepatch: 'lp_new': starting unpatching transition
          labctl-101   [000] .....    12.003000: enabled_store_ret: (kernfs_fop_write_iter+0x11a/0x1f0 <- enabled_store) ret=1
     kworker/0:1-10    [000] .....    13.000000: try_complete: (klp_try_complete_transition+0x4/0x360) patch="lp_new" target=0
     kworker/0:1-10    [000] d....    13.000100: switch_task: (task_call_func+0x70/0xd0 <- klp_check_and_switch_task) comm="init" pid=1 ret=0
     kworker/0:1-10    [000] .....    13.001000: complete: (klp_complete_transition+0x0/0x310) patch="lp_new" target=0
     kworker/0:1-10    [000] .....    13.002000: unpatch_objects: (klp_unpatch_objects+0x4/0x50) patch="lp_new"
     kworker/0:1-10    [000] .....    13.002100: unpatch_object: (__klp_unpatch_object+0x0/0x90) patch="lp_new" obj="vmlinux" nops_only=0
     kworker/0:1-10    [000] .....    13.002200: unpatch_func: (klp_unpatch_func+0x0/0x140) patch="lp_new" func="cmdline_proc_show" new_func=0xffffffffa0203000 nop=0
     kworker/0:1-10    [000] d....    13.003000: console: livepatch: 'lp_new': unpatching complete
     kworker/0:1-10    [000] .....    13.004000: free_async: (klp_free_patch_async+0x4/0x70) patch="lp_new"
     kworker/0:1-10    [000] .....    13.005000: free_work: (klp_free_patch_work_fn+0x4/0x40) patch="lp_new"
     kworker/0:1-10    [000] .....    13.006000: release_patch: (klp_kobj_release_patch+0x4/0x20) patch="lp_new"
`.trimStart()

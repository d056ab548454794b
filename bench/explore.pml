/*
 * The closed world of bench/sections/explore.ts for SPIN: lp1 changes A; lp2 changes A and B and is replaceable; lp3
 * changes B and replaces; two tasks; a program on lp1's or lp2's A; the rules of hybrid. A state is the same as one
 * of the packed kernel without its symmetries, so that both count alike. What a step
 * works with is cleared behind it: SPIN's breadth-first search takes no hidden variables.
 */
#define P 3
#define F 2
#define T 2
#define MASK(p) ((p) == 0 -> 1 : ((p) == 1 -> 3 : 2))
#define REPLACES(p) ((p) == 2)
#define FLAG(p) ((p) == 1 -> 1 : 0)
#define LISTED(p) (loc[p] >= 1 && loc[p] <= P)
#define ENTRIES(p) (MASK(p) | (moving == (p) + 1 -> nops : 0))
#define OFF_LIST 6
#define IDLE 7

byte loc[P]; bit forced[P]; bit flag[P]; bit scope[P];
byte moving; bit goal; bit isForced; bit isEnable; bit everForced; byte nops;
bit pending[T]; byte frame[T]; byte hook;

byte r; byte s; byte n; byte m; byte t; byte f; byte version; byte checked; bit isTop; bit isDone; bit isBlocked; bit side;

inline clear() {
  r = 0; s = 0; n = 0; m = 0; t = 0; f = 0; version = 0; checked = 0; isTop = 0; isDone = 0; isBlocked = 0; side = 0
}

inline slotAt(rank) {
  if
  :: loc[0] == rank -> s = 0
  :: loc[1] == rank -> s = 1
  :: loc[2] == rank -> s = 2
  :: else -> s = P
  fi
}

inline versionAtSide(func) {
  version = 0; isTop = 1; r = P;
  do
  :: r == 0 -> break
  :: else ->
    slotAt(r);
    if
    :: s < P && ((ENTRIES(s) >> func) & 1) ->
      if
      :: isTop && side == 0 && moving == s + 1 -> isTop = 0
      :: else ->
        version = ((moving == s + 1 && ((nops >> func) & 1)) -> 0 : s + 1);
        break
      fi
    :: else
    fi;
    r--
  od
}

inline checkedVersion(func) {
  checked = 0;
  if
  :: goal == 0 -> checked = (((nops >> func) & 1) -> 0 : m + 1)
  :: else ->
    r = loc[m] - 1;
    do
    :: r == 0 -> break
    :: else ->
      slotAt(r);
      if
      :: s < P && ((ENTRIES(s) >> func) & 1) -> checked = s + 1; break
      :: else
      fi;
      r--
    od
  fi
}

inline complete() {
  if
  :: goal == 0 -> loc[m] = OFF_LIST; flag[m] = 0
  :: goal == 1 && REPLACES(m) ->
    n = 0;
    do
    :: n == P -> break
    :: else ->
      if
      :: loc[n] >= 1 && loc[n] < loc[m] && flag[n] -> loc[n] = OFF_LIST; flag[n] = 0
      :: else
      fi;
      n++
    od
  :: else
  fi;
  moving = 0; goal = 0; isForced = 0; isEnable = 0; nops = 0;
  scope[0] = 0; scope[1] = 0; scope[2] = 0;
  n = 0; r = 1;
  do
  :: r > P -> break
  :: else ->
    slotAt(r);
    if
    :: s < P -> n++; loc[s] = n
    :: else
    fi;
    r++
  od
}

inline tryToComplete() {
  m = moving - 1; isDone = 1; t = 0;
  do
  :: t == T -> break
  :: else ->
    if
    :: pending[t] ->
      isBlocked = 0;
      if
      :: frame[t] != 0 && ((ENTRIES(m) >> ((frame[t] - 1) >> 3)) & 1) ->
        f = (frame[t] - 1) >> 3;
        checkedVersion(f);
        isBlocked = (checked == ((frame[t] - 1) & 7))
      :: else
      fi;
      if
      :: isBlocked -> isDone = 0
      :: else -> pending[t] = 0
      fi
    :: else
    fi;
    t++
  od;
  if
  :: isDone -> complete()
  :: else
  fi
}

inline begin(p, towards) {
  moving = p + 1; goal = towards; pending[0] = 1; pending[1] = 1
}

inline enable(p) {
  n = 0; t = 0;
  do
  :: t == P -> break
  :: else ->
    if
    :: LISTED(t) ->
      n++;
      if
      :: REPLACES(p) ->
        scope[t] = flag[t];
        if
        :: flag[t] -> nops = nops | MASK(t)
        :: else
        fi
      :: else
      fi
    :: else
    fi;
    t++
  od;
  nops = nops & (7 - MASK(p));
  loc[p] = n + 1; flag[p] = FLAG(p);
  begin(p, 1);
  isEnable = 1;
  tryToComplete()
}

inline forceAll() {
  isForced = 1; everForced = 1; pending[0] = 0; pending[1] = 0;
  m = moving - 1;
  if
  :: goal == 0 -> forced[m] = 1
  :: goal == 1 && REPLACES(m) ->
    n = 0;
    do
    :: n == P -> break
    :: else ->
      if
      :: LISTED(n) && n != m -> forced[n] = 1
      :: else
      fi;
      n++
    od
  :: else
  fi
}

inline call(task, func) {
  side = (moving == 0 -> 1 : goal ^ pending[task]);
  versionAtSide(func);
  frame[task] = 1 + 8 * func + version
}

inline unload(p) {
  loc[p] = 0;
  if
  :: p < 2 && hook == p + 2 -> hook = 1
  :: else
  fi
}

#define PATCH(p) \
  :: d_step { loc[p] == 0 && moving == 0 -> enable(p); clear() } \
  :: d_step { LISTED(p) && moving == 0 -> begin(p, 0); tryToComplete(); clear() } \
  :: d_step { LISTED(p) && moving != p + 1 -> flag[p] = 1 - flag[p] } \
  :: d_step { loc[p] == OFF_LIST -> loc[p] = IDLE } \
  :: d_step { loc[p] == IDLE && !forced[p] -> unload(p) }
#define TASK(k) \
  :: d_step { moving != 0 && pending[k] && frame[k] == 0 -> pending[k] = 0 } \
  :: d_step { frame[k] == 0 -> call(k, 0); clear() } \
  :: d_step { frame[k] == 0 -> call(k, 1); clear() } \
  :: d_step { frame[k] != 0 -> frame[k] = 0 }

active proctype world() {
  do
  PATCH(0)
  PATCH(1)
  PATCH(2)
  TASK(0)
  TASK(1)
  :: d_step { moving != 0 -> goal = 1 - goal; isForced = 0; pending[0] = 1 - pending[0]; pending[1] = 1 - pending[1] }
  :: d_step { moving != 0 -> tryToComplete(); clear() }
  :: d_step { moving != 0 && !isForced -> forceAll(); clear() }
  :: d_step { hook == 0 && loc[0] != 0 -> hook = 2 }
  :: d_step { hook == 0 && loc[1] != 0 -> hook = 3 }
  :: d_step { hook != 0 -> hook = 0 }
  /* Never: but what nobody reads SPIN would not keep apart. */
  :: d_step { isEnable + everForced + scope[0] + scope[1] + scope[2] > P + 2 -> moving = 0 }
  od
}

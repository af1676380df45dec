;; Finds the records of CloudTrail delivery files in raw bytes, and which of them may match a detection.
;;
;; It reads 64 bytes at a time: vector comparisons make bit masks of quotes, backslashes, brackets and white space, an
;; exclusive-or over prefixes tells what lies inside strings, and only the tokens that are left are looked at one by one.
;; Every token passes a table of JSON's grammar, so a record that is left out is known to be valid JSON. Whatever is not
;; plain (a \u escape, a control character in a string, a key twice, an odd eventID) marks the record, and the caller
;; parses it. What breaks the grammar ends the scan, and the caller decides how to go on.
;;
;; Memory, as backtest/scan/layout.ts fills and reads it:
;;   0x00000  class of each byte             0x00200  what may follow a backslash: 1 yes, 2 "u"
;;   0x00100  next state: state * 16 + class
;;   0x01000  for each hash of a string's first four bytes: its first token of interest, or 0
;;   0x04000  control block                  0x05000  found records, 32 bytes each
;;   0x04100  fields to pick out of a record, 64 bytes each: the detections that want it (i64), the length of its text with the closing
;;            quote, 1 where it is the eventID and wanted as a number alone, which part of an outline it is, at 16 its text, at 56 the
;;            detections that look at its value (i64); a length of 0 ends the list
;;   0x25000  tokens of interest, 128 bytes each: length, next token, length of what its value must contain, how many brackets are
;;            open around it in its record, or 0 for any number; at 8 its detections (i64), at 16 its text with the closing
;;            quote, at 64 what its value must contain
;;   0x29000  what is left of a folded text  0x2B000  what was picked out of a record, or its outline
;;   0x2F000  a record's eventID, with a 1 at 0x2F010; from 0x2F020 to 0x2F043 and 0x142000 to 0x27FFFF see note.wat
;;   0x30000  eventIDs, 16 bytes each        0xB0000  known event names, 80 bytes each
;;   0x100000 positions of tokens            0x140000 blocks that are not plain
;;   0x280000 the bytes to scan
(module
  (memory (export "memory") 48)
  (@include "inflate.wat")
  (@include "fold.wat")
  (@include "note.wat")

  ;; The end of the number that starts at $p, or 0 where none does.
  (func $number (param $p i32) (result i32)
    (local $c i32)
    (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 45)) (then (local.set $p (i32.add (local.get $p) (i32.const 1)))))
    (local.set $c (i32.load8_u (local.get $p)))
    (if (i32.eq (local.get $c) (i32.const 48))
      (then (local.set $p (i32.add (local.get $p) (i32.const 1))))
      (else
        (local.set $c (local.get $p))
        (local.set $p (call $digits (local.get $p)))
        (if (i32.eq (local.get $p) (local.get $c)) (then (return (i32.const 0))))))
    (if (i32.eq (i32.load8_u (local.get $p)) (i32.const 46))
      (then
        (local.set $c (i32.add (local.get $p) (i32.const 1)))
        (local.set $p (call $digits (local.get $c)))
        (if (i32.eq (local.get $p) (local.get $c)) (then (return (i32.const 0))))))
    (if (i32.eq (i32.or (i32.load8_u (local.get $p)) (i32.const 32)) (i32.const 101))
      (then
        (local.set $c (i32.add (local.get $p) (i32.const 1)))
        (if (i32.or (i32.eq (i32.load8_u (local.get $c)) (i32.const 43)) (i32.eq (i32.load8_u (local.get $c)) (i32.const 45)))
          (then (local.set $c (i32.add (local.get $c) (i32.const 1)))))
        (local.set $p (call $digits (local.get $c)))
        (if (i32.eq (local.get $p) (local.get $c)) (then (return (i32.const 0))))))
    (local.get $p))

  (func $digits (param $p i32) (result i32)
    (loop $more
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)) (i32.const 10))
        (then (local.set $p (i32.add (local.get $p) (i32.const 1))) (br $more))))
    (local.get $p))

  ;; Whether true, false, null or a number stands at $p, and ends there.
  (func $scalar (param $p i32) (result i32)
    (local $w i32) (local $end i32)
    (local.set $w (i32.load (local.get $p)))
    (if (i32.or (i32.eq (local.get $w) (i32.const 0x6c6c756e)) (i32.eq (local.get $w) (i32.const 0x65757274)))
      (then (local.set $end (i32.add (local.get $p) (i32.const 4))))
      (else
        (if (i32.and (i32.eq (local.get $w) (i32.const 0x736c6166)) (i32.eq (i32.load8_u offset=4 (local.get $p)) (i32.const 101)))
          (then (local.set $end (i32.add (local.get $p) (i32.const 5))))
          (else
            (local.set $end (call $number (local.get $p)))
            (if (i32.eqz (local.get $end)) (then (return (i32.const 0))))))))
    ;; A string or another scalar right behind it is told by the grammar; letters that go on are not.
    (i32.and
      (i32.ne (i32.load8_u (i32.load8_u (local.get $end))) (i32.const 7))
      (i32.ne (i32.load8_u (i32.load8_u (local.get $end))) (i32.const 8))))

  ;; The slot of an event name: that with its text, else an empty one for it, else 0.
  (func $slot (param $p i32) (param $len i32) (result i32)
    (local $h i32) (local $n i32) (local $at i32)
    (if (i32.gt_u (local.get $len) (i32.const 64)) (then (return (i32.const 0))))
    (local.set $h (i32.mul
      (i32.xor
        (i32.mul (i32.load (local.get $p)) (i32.const 0x85ebca6b))
        (i32.add (i32.load (i32.sub (i32.add (local.get $p) (local.get $len)) (i32.const 4))) (local.get $len)))
      (i32.const 0x9e3779b1)))
    (loop $probe
      (local.set $at (i32.add (i32.const 0xB0000) (i32.mul
        (i32.and (i32.add (i32.shr_u (local.get $h) (i32.const 20)) (local.get $n)) (i32.const 4095)) (i32.const 80))))
      (if (i32.eqz (i32.load (local.get $at))) (then (return (local.get $at))))
      (if (i32.eq (i32.load (local.get $at)) (i32.add (local.get $len) (i32.const 1)))
        (then (if (call $same (i32.add (local.get $at) (i32.const 16)) (local.get $p) (local.get $len)) (then (return (local.get $at))))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $probe (i32.lt_u (local.get $n) (i32.const 16))))
    (i32.const 0))

  (func $same (param $a i32) (param $b i32) (param $len i32) (result i32)
    (block $tail
      (loop $eight
        (br_if $tail (i32.lt_u (local.get $len) (i32.const 8)))
        (if (i64.ne (i64.load (local.get $a)) (i64.load (local.get $b))) (then (return (i32.const 0))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (local.set $len (i32.sub (local.get $len) (i32.const 8)))
        (br $eight)))
    ;; Of the last eight bytes only $len count.
    (i32.or
      (i32.eqz (local.get $len))
      (i64.eqz (i64.shl
        (i64.xor (i64.load (local.get $a)) (i64.load (local.get $b)))
        (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $len) (i32.const 3))))))))

  ;; Remembers which detections an event name leaves possible. Returns 0 where there is no room.
  (func (export "remember") (param $p i32) (param $len i32) (param $mask i64) (result i32)
    (local $at i32)
    (local.set $at (call $slot (local.get $p) (local.get $len)))
    (if (i32.eqz (local.get $at)) (then (return (i32.const 0))))
    (i32.store (local.get $at) (i32.add (local.get $len) (i32.const 1)))
    (i64.store offset=8 (local.get $at) (local.get $mask))
    (memory.copy (i32.add (local.get $at) (i32.const 16)) (local.get $p) (local.get $len))
    (i32.const 1))

  ;; Writes the 16 bytes of a lower-case UUID in quotes at $p to $to. Returns 0 where it is none.
  (func $uuid (param $p i32) (param $to i32) (result i32)
    (local $a v128) (local $b v128) (local $middle v128)
    (if (i32.ne (i32.load8_u offset=36 (local.get $p)) (i32.const 34)) (then (return (i32.const 0))))
    (if (i32.or
          (i32.or (i32.ne (i32.load8_u offset=8 (local.get $p)) (i32.const 45)) (i32.ne (i32.load8_u offset=13 (local.get $p)) (i32.const 45)))
          (i32.or (i32.ne (i32.load8_u offset=18 (local.get $p)) (i32.const 45)) (i32.ne (i32.load8_u offset=23 (local.get $p)) (i32.const 45))))
      (then (return (i32.const 0))))
    ;; The 32 digits, without the dashes at 8, 13, 18 and 23.
    (local.set $middle (v128.load offset=16 (local.get $p)))
    (local.set $a (i8x16.shuffle 0 1 2 3 4 5 6 7 9 10 11 12 14 15 16 17 (v128.load (local.get $p)) (local.get $middle)))
    (local.set $b (i8x16.shuffle 3 4 5 6 8 9 10 11 12 13 14 15 28 29 30 31 (local.get $middle) (v128.load offset=20 (local.get $p))))
    (if (i32.eqz (i8x16.all_true (v128.and (call $isDigit (local.get $a)) (call $isDigit (local.get $b)))))
      (then (return (i32.const 0))))
    (v128.store (local.get $to) (i8x16.narrow_i16x8_u (call $pairs (local.get $a)) (call $pairs (local.get $b))))
    (i32.const 1))

  ;; Which bytes are lower-case hexadecimal digits.
  (func $isDigit (param $v v128) (result v128)
    (v128.or
      (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 48))) (i8x16.splat (i32.const 10)))
      (i8x16.lt_u (i8x16.sub (local.get $v) (i8x16.splat (i32.const 97))) (i8x16.splat (i32.const 6)))))

  ;; The value of each two digits. Those of letters, from a to f, have bit 0x40, and their lowest four bits are nine less.
  (func $pairs (param $v v128) (result v128)
    (local.set $v (i8x16.add
      (v128.and (local.get $v) (i8x16.splat (i32.const 15)))
      (v128.and (i8x16.gt_u (local.get $v) (i8x16.splat (i32.const 64))) (i8x16.splat (i32.const 9)))))
    (v128.or
      (i16x8.shl (v128.and (local.get $v) (i16x8.splat (i32.const 255))) (i32.const 4))
      (i16x8.shr_u (local.get $v) (i32.const 8))))

  ;; The length of the string that begins at $p, or -1 where it has escapes or does not end before $end.
  (func $length (param $p i32) (param $end i32) (result i32)
    (local $q i32) (local $found i32) (local $v v128)
    (local.set $q (local.get $p))
    (loop $sixteen
      (local.set $v (v128.load (local.get $q)))
      (local.set $found (i8x16.bitmask (v128.or
        (i8x16.eq (local.get $v) (i8x16.splat (i32.const 34))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 92))))))
      (if (local.get $found)
        (then
          (local.set $q (i32.add (local.get $q) (i32.ctz (local.get $found))))
          (if (i32.or (i32.eq (i32.load8_u (local.get $q)) (i32.const 92)) (i32.ge_u (local.get $q) (local.get $end)))
            (then (return (i32.const -1))))
          (return (i32.sub (local.get $q) (local.get $p)))))
      (local.set $q (i32.add (local.get $q) (i32.const 16)))
      (br_if $sixteen (i32.lt_u (local.get $q) (local.get $end))))
    (i32.const -1))

  ;; The detections for which the string at $p is a text that they cannot do without; $i is the first with its hash, and $level says
  ;; how many brackets are open around it in its record.
  (func $interest (param $p i32) (param $i i32) (param $level i32) (result i64)
    (local $at i32) (local $ok i64) (local $wanted i32)
    (loop $more
      (local.set $at (i32.add (i32.const 0x25000) (i32.shl (local.get $i) (i32.const 7))))
      (local.set $wanted (i32.load8_u offset=3 (local.get $at)))
      (if (i32.or (i32.eqz (local.get $wanted)) (i32.eq (local.get $wanted) (local.get $level)))
        (then
          (if (call $same (i32.add (local.get $at) (i32.const 16)) (i32.add (local.get $p) (i32.const 1)) (i32.load8_u (local.get $at)))
            (then
              (if (call $contains (i32.add (local.get $p) (i32.add (i32.load8_u (local.get $at)) (i32.const 1))) (local.get $at))
                (then (local.set $ok (i64.or (local.get $ok) (i64.load offset=8 (local.get $at))))))))))
      (local.set $i (i32.load8_u offset=1 (local.get $at)))
      (br_if $more (local.get $i)))
    (local.get $ok))

  ;; Whether the string that is the value of a key, whose closing quote stands in front of $q, contains what the token at $at asks
  ;; for. So too where nothing is asked for, and where the value is no string, has a backslash, or stands elsewhere.
  (func $contains (param $q i32) (param $at i32) (result i32)
    (local $length i32) (local $first i32) (local $c i32) (local $p i32) (local $found i32) (local $v v128)
    (local.set $length (i32.load8_u offset=2 (local.get $at)))
    (if (i32.eqz (local.get $length)) (then (return (i32.const 1))))
    (if (i32.ne (i32.load16_u (local.get $q)) (i32.const 0x223a)) (then (return (i32.const 1))))
    (local.set $q (i32.add (local.get $q) (i32.const 2)))
    (local.set $at (i32.add (local.get $at) (i32.const 64)))
    (local.set $first (i32.load8_u (local.get $at)))
    (loop $sixteen
      (local.set $v (v128.load (local.get $q)))
      (local.set $found (i8x16.bitmask (v128.or
        (i8x16.eq (local.get $v) (i8x16.splat (local.get $first)))
        (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 34))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 92)))))))
      (block $none
        (loop $each
          (br_if $none (i32.eqz (local.get $found)))
          (local.set $p (i32.add (local.get $q) (i32.ctz (local.get $found))))
          (local.set $c (i32.load8_u (local.get $p)))
          (if (i32.eq (local.get $c) (i32.const 34)) (then (return (i32.const 0))))
          (if (i32.eq (local.get $c) (i32.const 92)) (then (return (i32.const 1))))
          (if (call $same (local.get $at) (local.get $p) (local.get $length)) (then (return (i32.const 1))))
          (local.set $found (i32.and (local.get $found) (i32.sub (local.get $found) (i32.const 1))))
          (br $each)))
      (local.set $q (i32.add (local.get $q) (i32.const 16)))
      (br_if $sixteen (i32.lt_u (local.get $q) (global.get $end))))
    (i32.const 1))
  (global $end (mut i32) (i32.const 0))

  ;; Writes the record from $start to $p to the list where it may match or is not plain. Returns the list's length.
  (func $close (param $out i32) (param $start i32) (param $p i32) (param $ok i64) (param $slow i32) (param $nameAt i32) (param $nameLen i32) (param $base i32) (result i32)
    (local $mask i64) (local $kind i32) (local $at i32)
    (local.set $mask (i64.const -1))
    (local.set $kind (i32.const 1))
    (if (i32.eqz (local.get $slow))
      (then
        (local.set $kind (i32.const 0))
        (local.set $mask (i64.or (local.get $ok) (i64.load offset=0x4040 (i32.const 0))))
        (if (local.get $nameAt)
          (then
            (local.set $at (call $slot (local.get $nameAt) (local.get $nameLen)))
            (local.set $kind (i32.const 2))
            (if (local.get $at)
              (then
                (if (i32.load (local.get $at))
                  (then
                    (local.set $kind (i32.const 0))
                    (local.set $mask (i64.and (local.get $mask) (i64.load offset=8 (local.get $at)))))))))
          (else (local.set $mask (i64.and (local.get $mask) (i64.load offset=0x4048 (i32.const 0))))))
        (if (i64.eqz (local.get $mask)) (then (return (local.get $out))))))
    (local.set $at (i32.add (i32.const 0x5000) (i32.shl (local.get $out) (i32.const 5))))
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (i32.add (local.get $p) (i32.const 1)))
    (i64.store offset=8 (local.get $at) (local.get $mask))
    (i32.store offset=16 (local.get $at) (local.get $nameAt))
    (i32.store offset=20 (local.get $at) (local.get $nameLen))
    (i32.store offset=24 (local.get $at) (local.get $kind))
    (i32.store offset=28 (local.get $at) (local.get $base))
    (i32.add (local.get $out) (i32.const 1)))

  ;; First stage: the positions of all tokens from $blk to $end, which may lie beyond by up to 63 blank bytes, as a list. Returns
  ;; the list's end. What it knows of the bytes in front is kept in globals: inside a string, behind a backslash, in a scalar.
  (global $inside (mut i64) (i64.const 0))
  (global $carry (mut i64) (i64.const 0))
  (global $wasScalar (mut i64) (i64.const 0))
  (func $tokens (param $blk i32) (param $end i32) (result i32)
    (local $to i32) (local $odd i32) (local $n i32)
    (local $inside i64) (local $carry i64) (local $wasScalar i64)
    (local $quotes i64) (local $back i64) (local $escaped i64) (local $ops i64) (local $in i64)
    (local $scalars i64) (local $tokens i64) (local $illegal i64) (local $b i64)
    (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128) (local $marks v128)
    (local.set $inside (global.get $inside))
    (local.set $carry (global.get $carry))
    (local.set $wasScalar (global.get $wasScalar))
    (local.set $to (i32.const 0x100000))
    (local.set $odd (i32.const 0x140000))
    (local.set $marks (v128.const i8x16 0 0 0 0 0 0 0 0 0 0 0x3a 0x7b 0x2c 0x7d 0 0))
    (loop $block
      (local.set $v0 (v128.load (local.get $blk)))
      (local.set $v1 (v128.load offset=16 (local.get $blk)))
      (local.set $v2 (v128.load offset=32 (local.get $blk)))
      (local.set $v3 (v128.load offset=48 (local.get $blk)))
      (local.set $quotes (call $mask64
          (i8x16.eq (local.get $v0) (i8x16.splat (i32.const 34))) (i8x16.eq (local.get $v1) (i8x16.splat (i32.const 34)))
          (i8x16.eq (local.get $v2) (i8x16.splat (i32.const 34))) (i8x16.eq (local.get $v3) (i8x16.splat (i32.const 34)))))
      (if (i32.or (i32.wrap_i64 (local.get $carry)) (v128.any_true (v128.or
            (v128.or (i8x16.eq (local.get $v0) (i8x16.splat (i32.const 92))) (i8x16.eq (local.get $v1) (i8x16.splat (i32.const 92))))
            (v128.or (i8x16.eq (local.get $v2) (i8x16.splat (i32.const 92))) (i8x16.eq (local.get $v3) (i8x16.splat (i32.const 92)))))))
        (then
          (local.set $back (call $mask64
          (i8x16.eq (local.get $v0) (i8x16.splat (i32.const 92))) (i8x16.eq (local.get $v1) (i8x16.splat (i32.const 92)))
          (i8x16.eq (local.get $v2) (i8x16.splat (i32.const 92))) (i8x16.eq (local.get $v3) (i8x16.splat (i32.const 92)))))
          (local.set $escaped (local.get $carry))
          (local.set $carry (i64.const 0))
          (block $none
            (loop $each
              (br_if $none (i64.eqz (local.get $back)))
              (local.set $b (i64.and (local.get $back) (i64.sub (i64.const 0) (local.get $back))))
              (local.set $back (i64.xor (local.get $back) (local.get $b)))
              (br_if $each (i64.ne (i64.and (local.get $escaped) (local.get $b)) (i64.const 0)))
              (local.set $escaped (i64.or (local.get $escaped) (i64.shl (local.get $b) (i64.const 1))))
              (if (i64.lt_s (local.get $b) (i64.const 0)) (then (local.set $carry (i64.const 1))))
              (br $each)))
          (local.set $quotes (i64.and (local.get $quotes) (i64.xor (local.get $escaped) (i64.const -1))))
          (block $none
            (loop $each
              (br_if $none (i64.eqz (local.get $escaped)))
              (if (i32.ne (i32.load8_u offset=0x200 (i32.load8_u (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $escaped)))))) (i32.const 1))
                (then (local.set $n (i32.const 1))))
              (local.set $escaped (i64.and (local.get $escaped) (i64.sub (local.get $escaped) (i64.const 1))))
              (br $each)))))
      ;; Inside strings, from each opening quote to before the closing one.
      (local.set $in (local.get $quotes))
      (local.set $in (i64.xor (local.get $in) (i64.shl (local.get $in) (i64.const 1))))
      (local.set $in (i64.xor (local.get $in) (i64.shl (local.get $in) (i64.const 2))))
      (local.set $in (i64.xor (local.get $in) (i64.shl (local.get $in) (i64.const 4))))
      (local.set $in (i64.xor (local.get $in) (i64.shl (local.get $in) (i64.const 8))))
      (local.set $in (i64.xor (local.get $in) (i64.shl (local.get $in) (i64.const 16))))
      (local.set $in (i64.xor (local.get $in) (i64.shl (local.get $in) (i64.const 32))))
      (local.set $in (i64.xor (local.get $in) (local.get $inside)))
      (local.set $inside (i64.shr_s (local.get $in) (i64.const 63)))
      ;; With bit 0x20 set, [ and ] are { and }; of the four there is one for each lower half of a byte. Two control characters
      ;; pass for a comma and a colon here.
      (local.set $ops (call $mask64
          (i8x16.eq (v128.or (local.get $v0) (i8x16.splat (i32.const 32))) (i8x16.swizzle (local.get $marks) (v128.and (local.get $v0) (i8x16.splat (i32.const 15)))))
          (i8x16.eq (v128.or (local.get $v1) (i8x16.splat (i32.const 32))) (i8x16.swizzle (local.get $marks) (v128.and (local.get $v1) (i8x16.splat (i32.const 15)))))
          (i8x16.eq (v128.or (local.get $v2) (i8x16.splat (i32.const 32))) (i8x16.swizzle (local.get $marks) (v128.and (local.get $v2) (i8x16.splat (i32.const 15)))))
          (i8x16.eq (v128.or (local.get $v3) (i8x16.splat (i32.const 32))) (i8x16.swizzle (local.get $marks) (v128.and (local.get $v3) (i8x16.splat (i32.const 15)))))))
      (local.set $scalars (i64.xor (i64.const -1) (i64.or
        (i64.or (local.get $ops) (call $mask64
          (i8x16.le_u (local.get $v0) (i8x16.splat (i32.const 32))) (i8x16.le_u (local.get $v1) (i8x16.splat (i32.const 32)))
          (i8x16.le_u (local.get $v2) (i8x16.splat (i32.const 32))) (i8x16.le_u (local.get $v3) (i8x16.splat (i32.const 32)))))
        (i64.or (local.get $quotes) (local.get $in)))))
      (local.set $tokens (i64.or
        (i64.and (local.get $ops) (i64.xor (local.get $in) (i64.const -1)))
        (i64.or
          (i64.and (local.get $quotes) (local.get $in))
          (i64.and (local.get $scalars) (i64.xor (i64.or (i64.shl (local.get $scalars) (i64.const 1)) (local.get $wasScalar)) (i64.const -1))))))
      (local.set $wasScalar (i64.shr_u (local.get $scalars) (i64.const 63)))
      ;; Control characters: white space outside strings, or a fault.
      (if (v128.any_true (i8x16.lt_u
            (i8x16.min_u (i8x16.min_u (local.get $v0) (local.get $v1)) (i8x16.min_u (local.get $v2) (local.get $v3))) (i8x16.splat (i32.const 32))))
        (then
          (local.set $illegal (call $mask64
            (call $control (local.get $v0)) (call $control (local.get $v1)) (call $control (local.get $v2)) (call $control (local.get $v3))))
          (local.set $tokens (i64.or (local.get $tokens) (i64.and (local.get $illegal) (i64.xor (local.get $in) (i64.const -1)))))
          (if (i64.ne (i64.const 0) (i64.and (local.get $in) (call $mask64
          (i8x16.lt_u (local.get $v0) (i8x16.splat (i32.const 32))) (i8x16.lt_u (local.get $v1) (i8x16.splat (i32.const 32)))
          (i8x16.lt_u (local.get $v2) (i8x16.splat (i32.const 32))) (i8x16.lt_u (local.get $v3) (i8x16.splat (i32.const 32))))))
            (then (local.set $n (i32.const 1))))))
      (if (local.get $n)
        (then
          (i32.store (local.get $odd) (local.get $blk))
          (local.set $odd (i32.add (local.get $odd) (i32.const 4)))
          (local.set $n (i32.const 0))))
      ;; Eight positions are written at a time, whether there are as many or not: that is quicker than to look.
      (local.set $b (i64.popcnt (local.get $tokens)))
      (i32.store offset=0 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=4 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=8 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=12 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=16 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=20 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=24 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (i32.store offset=28 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
      (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
      (if (i64.gt_u (local.get $b) (i64.const 8))
        (then
          (i32.store offset=32 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=36 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=40 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=44 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=48 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=52 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=56 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
              (i32.store offset=60 (local.get $to) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
          (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
          (if (i64.gt_u (local.get $b) (i64.const 16))
            (then
              (local.set $n (i32.add (local.get $to) (i32.const 64)))
              (loop $rest
                (i32.store (local.get $n) (i32.add (local.get $blk) (i32.wrap_i64 (i64.ctz (local.get $tokens)))))
                (local.set $n (i32.add (local.get $n) (i32.const 4)))
                (local.set $tokens (i64.and (local.get $tokens) (i64.sub (local.get $tokens) (i64.const 1))))
                (br_if $rest (i32.eqz (i64.eqz (local.get $tokens)))))
              (local.set $n (i32.const 0))))))
      (local.set $to (i32.add (local.get $to) (i32.shl (i32.wrap_i64 (local.get $b)) (i32.const 2))))
      (local.set $blk (i32.add (local.get $blk) (i32.const 64)))
      (br_if $block (i32.lt_u (local.get $blk) (local.get $end))))
    (i32.store (local.get $odd) (i32.const 0x7fffffff))
    (global.set $inside (local.get $inside))
    (global.set $carry (local.get $carry))
    (global.set $wasScalar (local.get $wasScalar))
    (local.get $to))

  ;; Second stage, and the whole: scans from $pos to $end. Returns why it ended: 0 at the end, 1 lists full, 2 no JSON, 3 an element
  ;; of Records that is no object.
  (func (export "scan") (param $pos i32) (param $end i32) (result i32)
    (local $part i32) (local $t i32) (local $last i32) (local $p i32) (local $v i32) (local $code i32) (local $cls i32) (local $next i32)
    (local $i i32) (local $odd i32) (local $pass i32)
    (local $base i32) (local $depth i32) (local $state i32) (local $stack i64)
    (local $start i32) (local $startState i32) (local $ok i64) (local $slow i32) (local $want i32) (local $hasId i32)
    (local $nameAt i32) (local $nameLen i32) (local $ids i32) (local $out i32) (local $records i32)
    (local.set $base (i32.load offset=0x4020 (i32.const 0)))
    (local.set $depth (i32.load offset=0x4024 (i32.const 0)))
    (local.set $state (i32.load offset=0x4028 (i32.const 0)))
    (local.set $stack (i64.load offset=0x4030 (i32.const 0)))
    ;; eventIDs stay until they are taken.
    (local.set $ids (i32.load offset=0x4010 (i32.const 0)))
    (global.set $end (local.get $end))
    (global.set $inside (i64.const 0))
    (global.set $carry (i64.const 0))
    (global.set $wasScalar (i64.const 0))
    (local.set $part (local.get $pos))
    (local.set $code (block $stop (result i32)
      (loop $parts
        (if (i32.ge_u (local.get $part) (local.get $end)) (then (br $stop (i32.const 0))))
        (local.set $i (i32.add (local.get $part) (i32.const 32768)))
        (if (i32.gt_u (local.get $i) (local.get $end)) (then (local.set $i (local.get $end))))
        (local.set $last (call $tokens (local.get $part) (local.get $i)))
        (local.set $part (local.get $i))
        (local.set $t (i32.const 0x100000))
        ;; A block that is not plain makes the record so that it is in, at both of its ends too.
        (local.set $odd (i32.const 0x140000))
        (block $done
          (loop $token
            (br_if $done (i32.ge_u (local.get $t) (local.get $last)))
            (local.set $p (i32.load (local.get $t)))
            (block $isString
              (block $generally
                (br_if $generally (i32.gt_u (local.get $state) (i32.const 1)))
                (br_if $generally (i32.ne (i32.load8_u (local.get $p)) (i32.const 34)))
                (br_if $generally (i32.ge_u (i32.add (local.get $t) (i32.const 12)) (local.get $last)))
                (br_if $generally (i32.ne (i32.load8_u (i32.load offset=4 (local.get $t))) (i32.const 58)))
                ;; A key with its colon, and what follows: the way of most tokens.
                (local.set $t (i32.add (local.get $t) (i32.const 8)))
                (local.set $pass (i32.const 1))
                (br $isString))
              (local.set $cls (i32.load8_u (i32.load8_u (local.get $p))))
              (local.set $next (i32.load8_u offset=0x100 (i32.add (i32.shl (local.get $state) (i32.const 4)) (local.get $cls))))
              (if (i32.eq (local.get $next) (i32.const 255)) (then (br $stop (i32.const 2))))
              (local.set $t (i32.add (local.get $t) (i32.const 4)))
              (local.set $pass (i32.const 0))
              (block $isScalar
                (block $isClose
                  (block $isOpen
                    (block $isMark
                      (br_table $isOpen $isClose $isOpen $isClose $isMark $isMark $isString $isScalar $isScalar (local.get $cls)))
                    (local.set $state (local.get $next))
                    (br $token))
                  ;; An opening bracket.
                  (if (i32.eq (local.get $depth) (local.get $base))
                    (then
                      (if (i32.eq (local.get $cls) (i32.const 2)) (then (br $stop (i32.const 3))))
                      (local.set $start (local.get $p))
                      (local.set $startState (local.get $state))
                      (local.set $slow (i32.const 0))
                      (local.set $want (i32.const 0))
                      (local.set $ok (i64.const 0))
                      (local.set $nameAt (i32.const 0))
                      (local.set $hasId (i32.const 0))))
                  (local.set $stack (i64.or (i64.shl (local.get $stack) (i64.const 1)) (i64.extend_i32_u (i32.eqz (local.get $cls)))))
                  (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
                  (if (i32.gt_u (local.get $depth) (i32.const 60)) (then (br $stop (i32.const 2))))
                  (local.set $state (local.get $next))
                  (if (i32.and (i32.eq (local.get $want) (i32.const 3)) (i32.and (i32.eq (local.get $depth) (i32.const 2)) (i32.eq (local.get $cls) (i32.const 2))))
                    (then
                      ;; The array of a document's Records: its elements are the records, and the document is none.
                      (local.set $want (i32.const 0))
                      (local.set $start (i32.const 0))
                      (local.set $base (i32.const 2))))
                  (br $token))
                ;; A closing one.
                (local.set $stack (i64.shr_u (local.get $stack) (i64.const 1)))
                (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
                (local.set $state (select
                  (i32.sub (i32.const 7) (i32.mul (i32.const 3) (i32.wrap_i64 (i64.and (local.get $stack) (i64.const 1)))))
                  (i32.const 8)
                  (local.get $depth)))
                (br_if $token (i32.gt_s (local.get $depth) (local.get $base)))
                (if (i32.and (i32.eq (local.get $depth) (local.get $base)) (i32.ne (local.get $start) (i32.const 0)))
                  (then
                    ;; A record ends.
                    (local.set $records (i32.add (local.get $records) (i32.const 1)))
                    (loop $before
                      (if (i32.le_u (i32.add (i32.load (local.get $odd)) (i32.const 63)) (local.get $start))
                        (then (local.set $odd (i32.add (local.get $odd) (i32.const 4))) (br $before))))
                    (local.set $slow (i32.or (i32.or (local.get $slow) (local.get $want)) (i32.or
                      (i32.eqz (local.get $hasId))
                      (i32.le_u (i32.load (local.get $odd)) (local.get $p)))))
                    (local.set $ids (i32.add (local.get $ids) (i32.eqz (local.get $slow))))
                    (local.set $out (call $close (local.get $out) (local.get $start) (local.get $p) (local.get $ok) (local.get $slow) (local.get $nameAt) (local.get $nameLen) (local.get $base)))
                    (local.set $start (i32.const 0))
                    (if (i32.or (i32.ge_u (local.get $out) (i32.const 4096)) (i32.ge_u (local.get $ids) (i32.const 32768)))
                      (then
                        (local.set $p (i32.add (local.get $p) (i32.const 1)))
                        (br $stop (i32.const 1)))))
                  (else
                    (if (i32.eq (local.get $depth) (i32.sub (local.get $base) (i32.const 1)))
                      (then
                        ;; The array of records ends: what follows in its document is no record.
                        (local.set $base (i32.const 1000))
                        (i32.store offset=0x4018 (i32.const 0) (i32.add (local.get $p) (i32.const 1)))))
                    (if (i32.eqz (local.get $depth)) (then (local.set $base (i32.const 0))))))
                (br $token))
              ;; A scalar.
              (if (i32.eq (local.get $depth) (local.get $base)) (then (br $stop (i32.const 3))))
              (if (i32.eqz (call $scalar (local.get $p))) (then (br $stop (i32.const 2))))
              (local.set $state (local.get $next))
              (br $token))
            ;; A string; with $pass, it is a key whose colon is taken, else its state tells.
            (if (i32.lt_u (local.get $state) (i32.const 2))
              (then
                (if (i32.eq (local.get $depth) (i32.add (local.get $base) (i32.const 1)))
                  (then
                    (if (local.get $want) (then (local.set $slow (i32.const 1)) (local.set $want (i32.const 0))))
                    (if (i64.eq (i64.load offset=1 (local.get $p)) (i64.const 0x6d614e746e657665))
                      (then
                        (if (i32.eq (i32.load16_u offset=9 (local.get $p)) (i32.const 0x2265))
                          (then
                            (if (local.get $nameAt) (then (local.set $slow (i32.const 1))))
                            (local.set $want (i32.const 1))))))
                    (if (i64.eq (i64.load offset=1 (local.get $p)) (i64.const 0x224449746e657665))
                      (then
                        (if (local.get $hasId) (then (local.set $slow (i32.const 1))))
                        (local.set $want (i32.const 2))))
                    (if (i32.eqz (local.get $base))
                      (then
                        (if (i64.eq (i64.load offset=1 (local.get $p)) (i64.const 0x227364726f636552))
                          (then (local.set $want (i32.const 3)))))))))
              (else
                (if (i32.eq (local.get $depth) (local.get $base)) (then (br $stop (i32.const 3))))
                (if (local.get $want)
                  (then
                    (if (i32.eq (local.get $depth) (i32.add (local.get $base) (i32.const 1)))
                      (then
                        (if (i32.eq (local.get $want) (i32.const 1))
                          (then
                            (local.set $nameAt (i32.add (local.get $p) (i32.const 1)))
                            (local.set $nameLen (call $length (local.get $nameAt) (local.get $end)))
                            (if (i32.lt_s (local.get $nameLen) (i32.const 0)) (then (local.set $slow (i32.const 1))))
                            (local.set $want (i32.const 0))))
                        (if (i32.eq (local.get $want) (i32.const 2))
                          (then
                            (local.set $hasId (i32.const 1))
                            (local.set $want (i32.const 0))
                            (if (i32.eqz (call $uuid
                                  (i32.add (local.get $p) (i32.const 1))
                                  (i32.add (i32.const 0x30000) (i32.shl (local.get $ids) (i32.const 4)))))
                              (then (local.set $slow (i32.const 1))))))))))))
            ;; Is it a text that a detection cannot do without?
            (local.set $i (i32.load8_u offset=0x1000 (i32.shr_u
              (i32.mul (i32.load offset=1 (local.get $p)) (i32.const 0x9e3779b1)) (i32.const 20))))
            (if (local.get $i) (then (local.set $ok (i64.or (local.get $ok) (call $interest (local.get $p) (local.get $i) (i32.sub (local.get $depth) (local.get $base)))))))
            (if (local.get $pass)
              (then
                (local.set $v (i32.load (local.get $t)))
                (local.set $cls (i32.load8_u (i32.load8_u (local.get $v))))
                (local.set $state (i32.const 3))
                (br_if $token (i32.lt_u (local.get $cls) (i32.const 6)))
                (local.set $p (local.get $v))
                (local.set $next (i32.const 4))
                (if (i32.eq (local.get $cls) (i32.const 6))
                  (then
                    (if (local.get $want)
                      (then
                        ;; Rather once more, as a string of its own.
                        (br $token)))
                    (local.set $i (i32.load8_u offset=0x1000 (i32.shr_u
                      (i32.mul (i32.load offset=1 (local.get $p)) (i32.const 0x9e3779b1)) (i32.const 20))))
                    (if (local.get $i) (then (local.set $ok (i64.or (local.get $ok) (call $interest (local.get $p) (local.get $i) (i32.sub (local.get $depth) (local.get $base))))))))
                  (else
                    (if (i32.eqz (call $scalar (local.get $p))) (then (br $stop (i32.const 2))))))
                (local.set $state (i32.const 4))
                (local.set $t (i32.add (local.get $t) (i32.const 4)))
                (if (i32.eq (i32.load8_u (i32.load (local.get $t))) (i32.const 44))
                  (then
                    (local.set $state (i32.const 1))
                    (local.set $t (i32.add (local.get $t) (i32.const 4)))))
                (br $token)))
            (local.set $state (local.get $next))
            (br $token)))
        ;; A record that goes on beyond this part keeps what its blocks have told.
        (if (local.get $start)
          (then
            (loop $before
              (if (i32.le_u (i32.add (i32.load (local.get $odd)) (i32.const 63)) (local.get $start))
                (then (local.set $odd (i32.add (local.get $odd) (i32.const 4))) (br $before))))
            (if (i32.ne (i32.load (local.get $odd)) (i32.const 0x7fffffff)) (then (local.set $slow (i32.const 1))))))
        (br $parts))
      (unreachable)))
    (i32.store offset=0x4004 (i32.const 0) (local.get $p))
    (i32.store offset=0x4008 (i32.const 0) (local.get $start))
    (i32.store offset=0x400c (i32.const 0) (local.get $out))
    (i32.store offset=0x4010 (i32.const 0) (local.get $ids))
    (i32.store offset=0x4014 (i32.const 0) (local.get $records))
    (i32.store offset=0x401c (i32.const 0) (local.get $startState))
    (i32.store offset=0x4020 (i32.const 0) (local.get $base))
    (i32.store offset=0x4024 (i32.const 0) (local.get $depth))
    (i32.store offset=0x4028 (i32.const 0) (local.get $state))
    (i64.store offset=0x4030 (i32.const 0) (local.get $stack))
    (local.get $code))

  ;; Writes the record from $p to $end with only those fields that the detections with these bits look at. It must be valid, and short
  ;; enough for one list of tokens and for where it goes. Returns the length of what it writes. An eventID that is wanted as a number
  ;; alone is left out where it is plain: its 16 bytes go to 0x2F000, and a 1 to 0x2F010.
  (func (export "pick") (param $p i32) (param $end i32) (param $low i32) (param $high i32) (result i32)
    (local $mask i64)
    (local $t i32) (local $class i32) (local $depth i32) (local $field i32) (local $isKey i32) (local $to i32)
    (local $wanted i32)
    (call $tokensOf (local.get $p) (local.get $end))
    (local.set $mask (call $maskOf (local.get $low) (local.get $high)))
    (i32.store offset=0x2F010 (i32.const 0) (i32.const 0))
    (local.set $t (i32.const 0x100000))
    (i32.store8 offset=0x2B000 (i32.const 0) (i32.const 123))
    (local.set $to (i32.const 0x2B001))
    (loop $token
      (local.set $p (i32.load (local.get $t)))
      (local.set $t (i32.add (local.get $t) (i32.const 4)))
      (local.set $class (i32.load8_u (i32.load8_u (local.get $p))))
      (if (i32.eq (local.get $class) (i32.const 6))
        (then
          (if (local.get $isKey)
            (then
              (local.set $isKey (i32.const 0))
              (local.set $wanted (call $wanted (local.get $p) (local.get $mask)))
              (local.set $field (select (local.get $p) (i32.const 0) (local.get $wanted)))))
          (br $token)))
      (if (i32.lt_u (local.get $class) (i32.const 4))
        (then
          (if (i32.eqz (i32.and (local.get $class) (i32.const 1)))
            (then
              (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
              (local.set $isKey (i32.eq (local.get $depth) (i32.const 1)))
              (br $token)))
          (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))))
      ;; A field ends with a comma, or with the record.
      (br_if $token (i32.gt_u (i32.add (local.get $depth) (i32.ne (local.get $class) (i32.const 5))) (i32.const 1)))
      (if (local.get $field)
        (then
          (if (i32.load8_u offset=9 (local.get $wanted))
            (then
              (if (i32.eq (i32.load16_u offset=9 (local.get $field)) (i32.const 0x223a))
                (then
                  (if (call $uuid (i32.add (local.get $field) (i32.const 11)) (i32.const 0x2F000))
                    (then
                      (i32.store offset=0x2F010 (i32.const 0) (i32.const 1))
                      (local.set $field (i32.const 0))))))))))
      (if (local.get $field)
        (then
          (memory.copy (local.get $to) (local.get $field) (i32.sub (local.get $p) (local.get $field)))
          (local.set $to (i32.add (local.get $to) (i32.sub (local.get $p) (local.get $field))))
          (i32.store8 (local.get $to) (i32.const 44))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $field (i32.const 0))))
      (local.set $isKey (i32.const 1))
      (br_if $token (local.get $depth)))
    ;; In the place of the last comma, if there is one.
    (if (i32.gt_u (local.get $to) (i32.const 0x2B001)) (then (local.set $to (i32.sub (local.get $to) (i32.const 1)))))
    (i32.store8 (local.get $to) (i32.const 125))
    (i32.sub (local.get $to) (i32.const 0x2AFFF)))

  ;; Lists the tokens of the record from $p to $end alone.
  (func $tokensOf (param $p i32) (param $end i32)
    (global.set $inside (i64.const 0))
    (global.set $carry (i64.const 0))
    (global.set $wasScalar (i64.const 0))
    (drop (call $tokens (local.get $p) (local.get $end))))

  ;; The detections with these bits.
  (func $maskOf (param $low i32) (param $high i32) (result i64)
    (i64.or
      (i64.extend_i32_u (local.get $low))
      (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))))

  ;; The field whose key is at $p, if the detections in $mask look at it, or 0.
  (func $wanted (param $p i32) (param $mask i64) (result i32)
    (local $at i32)
    (local.set $at (i32.const 0x4100))
    (loop $each
      (if (i32.eqz (i32.load8_u offset=8 (local.get $at))) (then (return (i32.const 0))))
      ;; None is shorter than three letters, and its quote.
      (if (i32.eq (i32.load offset=16 (local.get $at)) (i32.load offset=1 (local.get $p)))
        (then
          (if (i32.and
                (i64.ne (i64.and (i64.load (local.get $at)) (local.get $mask)) (i64.const 0))
                (call $same (i32.add (local.get $at) (i32.const 16)) (i32.add (local.get $p) (i32.const 1)) (i32.load8_u offset=8 (local.get $at))))
            (then (return (local.get $at))))))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br $each))
    (unreachable))

  (func $mask64 (param $a v128) (param $b v128) (param $c v128) (param $d v128) (result i64)
    (i64.or
      (i64.extend_i32_u (i32.or (i8x16.bitmask (local.get $a)) (i32.shl (i8x16.bitmask (local.get $b)) (i32.const 16))))
      (i64.shl
        (i64.extend_i32_u (i32.or (i8x16.bitmask (local.get $c)) (i32.shl (i8x16.bitmask (local.get $d)) (i32.const 16))))
        (i64.const 32))))

  ;; Control characters other than tab, line feed and carriage return.
  (func $control (param $v v128) (result v128)
    (v128.andnot
      (i8x16.lt_u (local.get $v) (i8x16.splat (i32.const 32)))
      (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 9)))
        (v128.or (i8x16.eq (local.get $v) (i8x16.splat (i32.const 10))) (i8x16.eq (local.get $v) (i8x16.splat (i32.const 13))))))))

;; Inflates raw deflate data (https://www.rfc-editor.org/rfc/rfc1951) within the scanner's memory.
;;
;; Up to 63 bits of the input wait in a word, from its lowest bit on; how many is counted in the lowest six bits of a number whose
;; other bits are left as they come, since shifts and the refilling look at no more. Every code is looked up in a table by its
;; first bits. An entry's lowest six bits say how many bits to take, and what is not plain is marked:
;;   literal       bit 31; the byte at bit 16
;;   length, distance  its base at bit 16; the length of its code at bit 8, which the extra bits follow
;;   longer code   bits 15 and 14; at bit 16 where its table begins, at bit 8 by how many bits that is looked up
;;   end of block  bits 15 and 13; no code: bit 15 alone
;;
;; What it writes is checked by its caller: the input's own checksum tells whether it is right. It declines codes that are not
;; complete, which zlib takes in some cases. Behind the input 64 bytes must be readable, behind the output's limit 320 writable.
;;
;; It is a part of the scanner's module. Memory, where the scanner's positions of tokens are while it scans:
;;   0x100000 literals and lengths, by 11 bits   0x104000 distances, by 8 bits   0x106000 lengths of codes, by 7 bits
;;   0x107000 lengths of the codes to build      0x107200 how many of each length, 0x107240 the next code of each
;;   0x107280 lengths of the codes' lengths      0x108000 by the first bits of longer codes, the length of the longest
(module
  (global $in (mut i32) (i32.const 0))
  (global $bits (mut i64) (i64.const 0))
  (global $left (mut i32) (i32.const 0))
  (global $inputEnd (mut i32) (i32.const 0))

  (global $begin (mut i32) (i32.const 0))
  (global $out (mut i32) (i32.const 0))
  (global $ended (mut i32) (i32.const 0))

  ;; Begins with the data from $from to $to, whose text goes to $out.
  (func (export "begin") (param $from i32) (param $to i32) (param $out i32)
    (global.set $in (local.get $from))
    (global.set $inputEnd (local.get $to))
    (global.set $bits (i64.const 0))
    (global.set $left (i32.const 0))
    (global.set $begin (local.get $out))
    (global.set $out (local.get $out))
    (global.set $ended (i32.const 0)))

  ;; Inflates further blocks until the text has come to $enough or ends; it must not go beyond $limit. Between calls the tables may be
  ;; overwritten. Returns the text's end, or 0 where something is wrong or unusual.
  (func (export "inflate") (param $enough i32) (param $limit i32) (result i32)
    (local $out i32) (local $kind i32)
    (local.set $out (global.get $out))
    (loop $block
      (global.set $ended (call $take (i32.const 1)))
      (local.set $kind (call $take (i32.const 2)))
      (if (i32.or (call $isBeyond) (i32.eq (local.get $kind) (i32.const 3))) (then (return (i32.const 0))))
      (if (local.get $kind)
        (then
          (if (i32.eqz (if (result i32) (i32.eq (local.get $kind) (i32.const 1)) (then (call $fixed)) (else (call $dynamic))))
            (then (return (i32.const 0))))
          (local.set $out (call $decode (local.get $out) (global.get $begin) (local.get $limit))))
        (else (local.set $out (call $stored (local.get $out) (local.get $limit)))))
      (if (i32.eqz (local.get $out)) (then (return (i32.const 0))))
      (br_if $block (i32.and (i32.eqz (global.get $ended)) (i32.lt_u (local.get $out) (local.get $enough)))))
    (global.set $out (local.get $out))
    (local.get $out))

  ;; Where the input that was used ends, or 0 as long as there is more, or where more was used than there is.
  (func (export "used") (result i32)
    (if (i32.eqz (global.get $ended)) (then (return (i32.const 0))))
    (call $giveBack)
    (select (i32.const 0) (global.get $in) (i32.gt_u (global.get $in) (global.get $inputEnd))))

  ;; More was read than there is; up to eight bytes are read ahead.
  (func $isBeyond (result i32) (i32.gt_u (global.get $in) (i32.add (global.get $inputEnd) (i32.const 8))))

  (func $refill
    (global.set $bits (i64.or (global.get $bits) (i64.shl (i64.load (global.get $in)) (i64.extend_i32_u (global.get $left)))))
    (global.set $in (i32.add (global.get $in) (i32.sub (i32.const 7) (i32.and (i32.shr_u (global.get $left) (i32.const 3)) (i32.const 7)))))
    (global.set $left (i32.or (global.get $left) (i32.const 56))))

  ;; The next $n bits, 16 at most.
  (func $take (param $n i32) (result i32)
    (local $value i32)
    (call $refill)
    (local.set $value (i32.and (i32.wrap_i64 (global.get $bits)) (i32.sub (i32.shl (i32.const 1) (local.get $n)) (i32.const 1))))
    (global.set $bits (i64.shr_u (global.get $bits) (i64.extend_i32_u (local.get $n))))
    (global.set $left (i32.sub (global.get $left) (local.get $n)))
    (local.get $value))

  ;; Gives whole bytes that wait back to the input, and drops the rest of a byte.
  (func $giveBack
    (global.set $in (i32.sub (global.get $in) (i32.and (i32.shr_u (global.get $left) (i32.const 3)) (i32.const 7))))
    (global.set $bits (i64.const 0))
    (global.set $left (i32.const 0)))

  (func $stored (param $out i32) (param $limit i32) (result i32)
    (local $length i32)
    (call $giveBack)
    (local.set $length (i32.load16_u (global.get $in)))
    (if (i32.ne (i32.xor (local.get $length) (i32.load16_u offset=2 (global.get $in))) (i32.const 0xffff)) (then (return (i32.const 0))))
    (global.set $in (i32.add (global.get $in) (i32.const 4)))
    (if (i32.gt_u (i32.add (global.get $in) (local.get $length)) (global.get $inputEnd)) (then (return (i32.const 0))))
    (if (i32.gt_u (i32.add (local.get $out) (local.get $length)) (local.get $limit)) (then (return (i32.const 0))))
    (memory.copy (local.get $out) (global.get $in) (local.get $length))
    (global.set $in (i32.add (global.get $in) (local.get $length)))
    (i32.add (local.get $out) (local.get $length)))

  (func $fixed (result i32)
    (memory.fill (i32.const 0x107000) (i32.const 8) (i32.const 288))
    (memory.fill (i32.const 0x107090) (i32.const 9) (i32.const 112))
    (memory.fill (i32.const 0x107100) (i32.const 7) (i32.const 24))
    (memory.fill (i32.const 0x107120) (i32.const 5) (i32.const 32))
    (i32.and
      (call $build (i32.const 0) (i32.const 0x107000) (i32.const 288) (i32.const 0x100000) (i32.const 11) (i32.const 4096))
      (call $build (i32.const 1) (i32.const 0x107120) (i32.const 32) (i32.const 0x104000) (i32.const 8) (i32.const 1024))))

  (func $dynamic (result i32)
    (local $literals i32) (local $distances i32) (local $n i32) (local $i i32) (local $entry i32) (local $value i32) (local $times i32)
    (local $order i64)
    (local.set $literals (i32.add (call $take (i32.const 5)) (i32.const 257)))
    (local.set $distances (i32.add (call $take (i32.const 5)) (i32.const 1)))
    (local.set $n (i32.add (call $take (i32.const 4)) (i32.const 4)))
    (memory.fill (i32.const 0x107280) (i32.const 0) (i32.const 19))
    ;; 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4 and 12, 3, 13, 2, 14, 1, 15: five bits each.
    (local.set $order (i64.const 156687220093241904))
    (loop $each
      (i32.store8 (i32.add (i32.const 0x107280) (i32.and (i32.wrap_i64 (local.get $order)) (i32.const 31))) (call $take (i32.const 3)))
      (local.set $order (i64.shr_u (local.get $order) (i64.const 5)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.eq (local.get $i) (i32.const 12)) (then (local.set $order (i64.const 16154440812))))
      (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
    (if (i32.eqz (call $build (i32.const 2) (i32.const 0x107280) (i32.const 19) (i32.const 0x106000) (i32.const 7) (i32.const 128)))
      (then (return (i32.const 0))))
    (local.set $n (i32.add (local.get $literals) (local.get $distances)))
    (local.set $i (i32.const 0))
    (loop $each
      (call $refill)
      (if (call $isBeyond) (then (return (i32.const 0))))
      (local.set $entry (i32.load offset=0x106000 (i32.shl (i32.and (i32.wrap_i64 (global.get $bits)) (i32.const 127)) (i32.const 2))))
      (global.set $bits (i64.shr_u (global.get $bits) (i64.extend_i32_u (local.get $entry))))
      (global.set $left (i32.sub (global.get $left) (local.get $entry)))
      (local.set $value (i32.shr_u (local.get $entry) (i32.const 16)))
      (local.set $times (i32.const 1))
      (if (i32.ge_u (local.get $value) (i32.const 16))
        (then
          (if (i32.eq (local.get $value) (i32.const 16))
            (then
              (if (i32.eqz (local.get $i)) (then (return (i32.const 0))))
              (local.set $value (i32.load8_u offset=0x106fff (local.get $i)))
              (local.set $times (i32.add (call $take (i32.const 2)) (i32.const 3))))
            (else
              (local.set $times (if (result i32) (i32.eq (local.get $value) (i32.const 17))
                (then (i32.add (call $take (i32.const 3)) (i32.const 3)))
                (else (i32.add (call $take (i32.const 7)) (i32.const 11)))))
              (local.set $value (i32.const 0))))
          (if (i32.gt_u (i32.add (local.get $i) (local.get $times)) (local.get $n)) (then (return (i32.const 0))))))
      ;; Most lengths come once or a few times: to fill memory costs more than to store them.
      (loop $time
        (i32.store8 offset=0x107000 (local.get $i) (local.get $value))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br_if $time (local.get $times)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
    (i32.and
      (call $build (i32.const 0) (i32.const 0x107000) (local.get $literals) (i32.const 0x100000) (i32.const 11) (i32.const 4096))
      (call $build (i32.const 1) (i32.add (i32.const 0x107000) (local.get $literals)) (local.get $distances) (i32.const 0x104000) (i32.const 8) (i32.const 1024))))

  ;; Builds the table of a code from the lengths of its words. Returns 0 where it is not complete.
  ;; $kind is 0 for literals and lengths, 1 for distances, 2 for the lengths of codes; $first so many bits are looked up first.
  (func $build (param $kind i32) (param $lengths i32) (param $n i32) (param $table i32) (param $first i32) (param $room i32) (result i32)
    (local $i i32) (local $length i32) (local $code i32) (local $missing i32) (local $at i32) (local $free i32) (local $entry i32)
    (local $step i32) (local $to i32) (local $longer i32)
    (memory.fill (i32.const 0x107200) (i32.const 0) (i32.const 64))
    (loop $each
      (local.set $at (i32.shl (i32.load8_u (i32.add (local.get $lengths) (local.get $i))) (i32.const 2)))
      (i32.store offset=0x107200 (local.get $at) (i32.add (i32.load offset=0x107200 (local.get $at)) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
    (i32.store offset=0x107200 (i32.const 0) (i32.const 0))
    ;; The first code of each length; and of the codes that there can be, how many are none.
    (local.set $missing (i32.const 1))
    (local.set $length (i32.const 1))
    (loop $each
      (local.set $code (i32.shl (i32.add (local.get $code) (i32.load offset=0x1071fc (i32.shl (local.get $length) (i32.const 2)))) (i32.const 1)))
      (i32.store offset=0x107240 (i32.shl (local.get $length) (i32.const 2)) (local.get $code))
      (local.set $at (i32.load offset=0x107200 (i32.shl (local.get $length) (i32.const 2))))
      (local.set $missing (i32.sub (i32.shl (local.get $missing) (i32.const 1)) (local.get $at)))
      (if (i32.lt_s (local.get $missing) (i32.const 0)) (then (return (i32.const 0))))
      (if (i32.gt_u (local.get $length) (local.get $first)) (then (local.set $longer (i32.or (local.get $longer) (local.get $at)))))
      (local.set $length (i32.add (local.get $length) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $length) (i32.const 16))))
    (if (local.get $missing) (then (return (i32.const 0))))
    (if (local.get $longer) (then (if (i32.eqz (call $split (local.get $lengths) (local.get $n) (local.get $table) (local.get $first) (local.get $room))) (then (return (i32.const 0))))))
    (local.set $i (i32.const 0))
    (loop $each
      (local.set $length (i32.load8_u (i32.add (local.get $lengths) (local.get $i))))
      (if (local.get $length)
        (then
          (local.set $code (call $next (local.get $length)))
          (local.set $at (local.get $table))
          (local.set $to (i32.shl (i32.const 1) (local.get $first)))
          (if (i32.gt_u (local.get $length) (local.get $first))
            (then
              (local.set $entry (i32.load (i32.add (local.get $table) (i32.shl
                (i32.and (local.get $code) (i32.sub (local.get $to) (i32.const 1))) (i32.const 2)))))
              (local.set $at (i32.add (local.get $table) (i32.shl (i32.shr_u (local.get $entry) (i32.const 16)) (i32.const 2))))
              (local.set $to (i32.shl (i32.const 1) (i32.and (i32.shr_u (local.get $entry) (i32.const 8)) (i32.const 15))))
              (local.set $code (i32.shr_u (local.get $code) (local.get $first)))
              (local.set $length (i32.sub (local.get $length) (local.get $first)))))
          (local.set $entry (call $entry (local.get $kind) (local.get $i) (local.get $length)))
          (local.set $step (i32.shl (i32.const 4) (local.get $length)))
          (local.set $to (i32.add (local.get $at) (i32.shl (local.get $to) (i32.const 2))))
          (local.set $at (i32.add (local.get $at) (i32.shl (local.get $code) (i32.const 2))))
          (loop $fill
            (i32.store (local.get $at) (local.get $entry))
            (local.set $at (i32.add (local.get $at) (local.get $step)))
            (br_if $fill (i32.lt_u (local.get $at) (local.get $to))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
    (i32.const 1))

  ;; The next code of a length, its first bit lowest.
  (func $next (param $length i32) (result i32)
    (local $at i32) (local $code i32)
    (local.set $at (i32.shl (local.get $length) (i32.const 2)))
    (local.set $code (i32.load offset=0x107240 (local.get $at)))
    (i32.store offset=0x107240 (local.get $at) (i32.add (local.get $code) (i32.const 1)))
    (local.set $code (i32.or (i32.shl (i32.and (local.get $code) (i32.const 0x5555)) (i32.const 1)) (i32.and (i32.shr_u (local.get $code) (i32.const 1)) (i32.const 0x5555))))
    (local.set $code (i32.or (i32.shl (i32.and (local.get $code) (i32.const 0x3333)) (i32.const 2)) (i32.and (i32.shr_u (local.get $code) (i32.const 2)) (i32.const 0x3333))))
    (local.set $code (i32.or (i32.shl (i32.and (local.get $code) (i32.const 0x0f0f)) (i32.const 4)) (i32.and (i32.shr_u (local.get $code) (i32.const 4)) (i32.const 0x0f0f))))
    (local.set $code (i32.or (i32.shl (i32.and (local.get $code) (i32.const 0x00ff)) (i32.const 8)) (i32.shr_u (local.get $code) (i32.const 8))))
    (i32.shr_u (local.get $code) (i32.sub (i32.const 16) (local.get $length))))

  ;; Gives the codes that are longer than $first bits a table for each beginning. Returns 0 where there is no room.
  (func $split (param $lengths i32) (param $n i32) (param $table i32) (param $first i32) (param $room i32) (result i32)
    (local $i i32) (local $length i32) (local $at i32) (local $free i32)
    (memory.fill (i32.const 0x108000) (i32.const 0) (i32.shl (i32.const 1) (local.get $first)))
    ;; Codes are counted up here as well, and taken back.
    (memory.copy (i32.const 0x1072c0) (i32.const 0x107240) (i32.const 64))
    (loop $each
      (local.set $length (i32.load8_u (i32.add (local.get $lengths) (local.get $i))))
      (if (i32.gt_u (local.get $length) (local.get $first))
        (then
          (local.set $at (i32.and (call $next (local.get $length)) (i32.sub (i32.shl (i32.const 1) (local.get $first)) (i32.const 1))))
          (if (i32.gt_u (local.get $length) (i32.load8_u offset=0x108000 (local.get $at)))
            (then (i32.store8 offset=0x108000 (local.get $at) (local.get $length))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
    (memory.copy (i32.const 0x107240) (i32.const 0x1072c0) (i32.const 64))
    (local.set $free (i32.shl (i32.const 1) (local.get $first)))
    (local.set $i (i32.const 0))
    (loop $each
      (local.set $length (i32.load8_u offset=0x108000 (local.get $i)))
      (if (local.get $length)
        (then
          (local.set $length (i32.sub (local.get $length) (local.get $first)))
          (i32.store (i32.add (local.get $table) (i32.shl (local.get $i) (i32.const 2)))
            (i32.or (i32.or (i32.const 0xc000) (local.get $first)) (i32.or (i32.shl (local.get $free) (i32.const 16)) (i32.shl (local.get $length) (i32.const 8)))))
          (local.set $free (i32.add (local.get $free) (i32.shl (i32.const 1) (local.get $length))))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (i32.shl (i32.const 1) (local.get $first)))))
    (i32.le_u (local.get $free) (local.get $room)))

  ;; The entry of a symbol whose code has $length bits (left).
  (func $entry (param $kind i32) (param $symbol i32) (param $length i32) (result i32)
    (local $extra i32) (local $base i32)
    (if (i32.eq (local.get $kind) (i32.const 2)) (then (return (i32.or (i32.shl (local.get $symbol) (i32.const 16)) (local.get $length)))))
    (if (local.get $kind)
      (then
        (if (i32.ge_u (local.get $symbol) (i32.const 30)) (then (return (i32.or (i32.const 0x8000) (local.get $length)))))
        (local.set $base (i32.add (local.get $symbol) (i32.const 1)))
        (if (i32.ge_u (local.get $symbol) (i32.const 4))
          (then
            (local.set $extra (i32.sub (i32.shr_u (local.get $symbol) (i32.const 1)) (i32.const 1)))
            (local.set $base (i32.add (i32.shl (i32.or (i32.const 2) (i32.and (local.get $symbol) (i32.const 1))) (local.get $extra)) (i32.const 1))))))
      (else
        (if (i32.lt_u (local.get $symbol) (i32.const 256))
          (then (return (i32.or (i32.or (i32.const 0x80000000) (i32.shl (local.get $symbol) (i32.const 16))) (local.get $length)))))
        (if (i32.eq (local.get $symbol) (i32.const 256)) (then (return (i32.or (i32.const 0xa000) (local.get $length)))))
        (if (i32.gt_u (local.get $symbol) (i32.const 285)) (then (return (i32.or (i32.const 0x8000) (local.get $length)))))
        (local.set $symbol (i32.sub (local.get $symbol) (i32.const 257)))
        (local.set $base (i32.add (local.get $symbol) (i32.const 3)))
        (if (i32.ge_u (local.get $symbol) (i32.const 8))
          (then
            (local.set $extra (i32.sub (i32.shr_u (local.get $symbol) (i32.const 2)) (i32.const 1)))
            (local.set $base (i32.add (i32.shl (i32.or (i32.const 4) (i32.and (local.get $symbol) (i32.const 3))) (local.get $extra)) (i32.const 3)))))
        (if (i32.eq (local.get $symbol) (i32.const 28)) (then (local.set $extra (i32.const 0)) (local.set $base (i32.const 258))))))
    (i32.or
      (i32.or (i32.shl (local.get $base) (i32.const 16)) (i32.shl (local.get $length) (i32.const 8)))
      (i32.add (local.get $length) (local.get $extra))))

  ;; What $decode does again and again; (@name) stands for it.
  (@define refill
    (local.set $bits (i64.or (local.get $bits) (i64.shl (i64.load (local.get $in)) (i64.extend_i32_u (local.get $left)))))
    (local.set $in (i32.add (local.get $in) (i32.sub (i32.const 7) (i32.and (i32.shr_u (local.get $left) (i32.const 3)) (i32.const 7)))))
    (local.set $left (i32.or (local.get $left) (i32.const 56))))
  ;; The entry of the next literal or length.
  (@define lookup
    (local.set $e (i32.load offset=0x100000 (i32.and (i32.shl (i32.wrap_i64 (local.get $bits)) (i32.const 2)) (i32.const 8188)))))
  ;; Takes the bits that the entry says; in $was they can still be read.
  (@define take
    (local.set $was (local.get $bits))
    (local.set $bits (i64.shr_u (local.get $bits) (i64.extend_i32_u (local.get $e))))
    (local.set $left (i32.sub (local.get $left) (local.get $e))))
  ;; The value of the extra bits among those that were taken.
  (@define extra
    (i32.wrap_i64 (i64.shr_u
      (i64.and (local.get $was) (i64.xor (i64.shl (i64.const -1) (i64.extend_i32_u (local.get $e))) (i64.const -1)))
      (i64.extend_i32_u (i32.shr_u (local.get $e) (i32.const 8))))))
  ;; A byte, as the entry says.
  (@define literal
    (i32.store8 (local.get $out) (i32.shr_u (local.get $e) (i32.const 16)))
    (local.set $out (i32.add (local.get $out) (i32.const 1))))
  ;; Where the entry leads to, and the next bits: the place of an entry of a longer code.
  (@define longer
    (i32.shl
      (i32.add
        (i32.shr_u (local.get $e) (i32.const 16))
        (i32.and (i32.wrap_i64 (local.get $bits))
          (i32.xor (i32.shl (i32.const -1) (i32.and (i32.shr_u (local.get $e) (i32.const 8)) (i32.const 15))) (i32.const -1))))
      (i32.const 2)))

  ;; Inflates what follows up to the block's end. Returns the output's end, or 0 where something is wrong.
  (func $decode (param $out i32) (param $begin i32) (param $limit i32) (result i32)
    (local $bits i64) (local $left i32) (local $in i32) (local $most i32) (local $e i32) (local $was i64)
    (local $length i32) (local $back i32) (local $from i32) (local $stop i32) (local $v v128)
    (local.set $bits (global.get $bits))
    (local.set $left (global.get $left))
    (local.set $in (global.get $in))
    (local.set $most (i32.add (global.get $inputEnd) (i32.const 8)))
    (@refill)
    (@lookup)
    (loop $main
      (if (i32.or (i32.gt_u (local.get $in) (local.get $most)) (i32.gt_u (local.get $out) (local.get $limit))) (then (return (i32.const 0))))
      (@take)
      (block $match
        (br_if $match (i32.ge_s (local.get $e) (i32.const 0)))
        (@literal)
        (@lookup)
        (@take)
        (br_if $match (i32.ge_s (local.get $e) (i32.const 0)))
        (@literal)
        (@lookup)
        (@take)
        (br_if $match (i32.ge_s (local.get $e) (i32.const 0)))
        (@literal)
        (@refill)
        (@lookup)
        (br $main))
      (if (i32.and (local.get $e) (i32.const 0x8000))
        (then
          (if (i32.and (local.get $e) (i32.const 0x4000))
            (then
              (local.set $e (i32.load offset=0x100000 (@longer)))
              (@take)
              (if (i32.lt_s (local.get $e) (i32.const 0))
                (then
                  (@literal)
                  (@refill)
                  (@lookup)
                  (br $main)))))
          (if (i32.and (local.get $e) (i32.const 0x8000))
            (then
              (if (i32.eqz (i32.and (local.get $e) (i32.const 0x2000))) (then (return (i32.const 0))))
              (global.set $bits (local.get $bits))
              (global.set $left (local.get $left))
              (global.set $in (local.get $in))
              (return (local.get $out))))))
      (local.set $length (i32.add (i32.shr_u (local.get $e) (i32.const 16)) (@extra)))
      (@refill)
      (local.set $e (i32.load offset=0x104000 (i32.and (i32.shl (i32.wrap_i64 (local.get $bits)) (i32.const 2)) (i32.const 1020))))
      (if (i32.and (local.get $e) (i32.const 0x8000))
        (then
          (if (i32.eqz (i32.and (local.get $e) (i32.const 0x4000))) (then (return (i32.const 0))))
          (@take)
          (local.set $e (i32.load offset=0x104000 (@longer)))
          (if (i32.and (local.get $e) (i32.const 0x8000)) (then (return (i32.const 0))))))
      (@take)
      (local.set $back (i32.add (i32.shr_u (local.get $e) (i32.const 16)) (@extra)))
      (local.set $from (i32.sub (local.get $out) (local.get $back)))
      (if (i32.lt_u (local.get $from) (local.get $begin)) (then (return (i32.const 0))))
      (@lookup)
      (@refill)
      (local.set $stop (i32.add (local.get $out) (local.get $length)))
      ;; Copies go beyond their end by less than a word.
      (if (i32.ge_u (local.get $back) (i32.const 16))
        (then
          (loop $more
            (v128.store (local.get $out) (v128.load (local.get $from)))
            (v128.store offset=16 (local.get $out) (v128.load offset=16 (local.get $from)))
            (v128.store offset=32 (local.get $out) (v128.load offset=32 (local.get $from)))
            (v128.store offset=48 (local.get $out) (v128.load offset=48 (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 64)))
            (local.set $out (i32.add (local.get $out) (i32.const 64)))
            (br_if $more (i32.lt_u (local.get $out) (local.get $stop)))))
        (else
          (if (i32.eq (local.get $back) (i32.const 1))
            (then
              (local.set $v (v128.load8_splat (local.get $from)))
              (loop $more
                (v128.store (local.get $out) (local.get $v))
                (local.set $out (i32.add (local.get $out) (i32.const 16)))
                (br_if $more (i32.lt_u (local.get $out) (local.get $stop)))))
            (else
              (local.set $length (select (i32.const 8) (local.get $back) (i32.ge_u (local.get $back) (i32.const 8))))
              (loop $more
                (i64.store (local.get $out) (i64.load (local.get $from)))
                (local.set $from (i32.add (local.get $from) (local.get $length)))
                (local.set $out (i32.add (local.get $out) (local.get $length)))
                (br_if $more (i32.lt_u (local.get $out) (local.get $stop))))))))
      (local.set $out (local.get $stop))
      (br $main))
    (unreachable)))

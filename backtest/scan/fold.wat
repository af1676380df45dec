;; Folds a text for its CRC-32, so that little of it is left to be looked up byte by byte.
;;
;; The remainder that the checksum is stays the same when a multiple of its polynomial is added to the text. With y = x^128, a step
;; of 16 bytes, such a multiple is y^300 + y^155 + y^117 + y^89 + 1: so 16 bytes can be left out when they are added, by exclusive
;; or, to those 145, 183, 211 and 300 steps behind. https://www.rfc-editor.org/rfc/rfc1952#section-8
;;
;; It is a part of the scanner's module. Memory: 0x29000 the last 300 steps, 4800 bytes, as they are with what was added; behind them
;; 155 steps that are zero.
(module
  ;; A text begins.
  (func (export "foldNothing")
    (memory.fill (i32.const 0x29000) (i32.const 0) (i32.const 7280))
    ;; A checksum begins with its first four bytes inverted.
    (i32.store (i32.const 0x29000) (i32.const -1)))

  ;; Folds the text's next bytes, from $at to $end, a multiple of 4800.
  (func (export "fold") (param $at i32) (param $end i32)
    (block $done
      (loop $round
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (call $steps (local.get $at) (i32.const 0x29000) (i32.const 2320) (i32.const 2480) (i32.const 1872) (i32.const 1424))
        (call $steps (i32.add (local.get $at) (i32.const 2320)) (i32.const 0x29910) (i32.const 608) (i32.const -2320) (i32.const 1872) (i32.const 1424))
        (call $steps (i32.add (local.get $at) (i32.const 2928)) (i32.const 0x29b70) (i32.const 448) (i32.const -2320) (i32.const -2928) (i32.const 1424))
        (call $steps (i32.add (local.get $at) (i32.const 3376)) (i32.const 0x29d30) (i32.const 1424) (i32.const -2320) (i32.const -2928) (i32.const -3376))
        (local.set $at (i32.add (local.get $at) (i32.const 4800)))
        (br $round))))

  ;; Adds what is left of all that was folded to the next 4800 bytes, at $at, and puts them to 0x29000: the checksum that begins with
  ;; zeros over them, and what follows, is that of the whole.
  (func (export "foldRest") (param $at i32)
    (call $steps (local.get $at) (i32.const 0x29000) (i32.const 4800) (i32.const 2480) (i32.const 1872) (i32.const 1424)))

  ;; Adds to $size bytes of the text what lies at $to, and so far from there as is said, and puts them to $to.
  (func $steps (param $at i32) (param $to i32) (param $size i32) (param $first i32) (param $second i32) (param $third i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (loop $step
      (v128.store (local.get $to)
        (v128.xor
          (v128.xor (v128.load (local.get $at)) (v128.load (local.get $to)))
          (v128.xor
            (v128.xor (v128.load (i32.add (local.get $to) (local.get $first))) (v128.load (i32.add (local.get $to) (local.get $second))))
            (v128.load (i32.add (local.get $to) (local.get $third))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $step (i32.lt_u (local.get $at) (local.get $end))))))

;; Values of 16 bytes: sorted onto pages by their first byte, and a set of them, an open table of $mask + 1 bytes that begins at
;; 0x110000, in which zero is an empty slot.
;;
;; In front of the table lie what is sorted or added, at 0x8000 how full the pages are, 4 bytes each, and from 0x10000 on 256 pages of
;; 4096 bytes.
(module
  (memory (export "memory") 17)
  ;; Whether zero is in the set, 1 or 0.
  (global $zero (export "zero") (mut i32) (i32.const 0))

  ;; Adds the $count values at $at, and returns how many were new, without zero.
  (func (export "add") (param $at i32) (param $count i32) (param $mask i32) (result i32)
    (local $value v128) (local $slot i32) (local $there v128) (local $new i32)
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $value (v128.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (if (i32.eqz (v128.any_true (local.get $value))) (then (global.set $zero (i32.const 1)) (br $each)))
        ;; The first and last bytes of a UUID are random.
        (local.set $slot (i32.mul
          (i32.xor (i32x4.extract_lane 0 (local.get $value)) (i32x4.extract_lane 3 (local.get $value)))
          (i32.const 0x9e3779b1)))
        (block $placed
          (loop $probe
            (local.set $slot (i32.and (local.get $slot) (local.get $mask)))
            (local.set $there (v128.load offset=0x110000 (i32.and (local.get $slot) (i32.const -16))))
            (if (i32.eqz (v128.any_true (local.get $there)))
              (then
                (v128.store offset=0x110000 (i32.and (local.get $slot) (i32.const -16)) (local.get $value))
                (local.set $new (i32.add (local.get $new) (i32.const 1)))
                (br $placed)))
            (br_if $placed (i8x16.all_true (i8x16.eq (local.get $there) (local.get $value))))
            (local.set $slot (i32.add (local.get $slot) (i32.const 16)))
            (br $probe)))
        (br $each)))
    (local.get $new))

  ;; Puts the $count values at $at on the pages. Returns how many are left when one has made its page full, whose number is at 0x8400
  ;; then, or -1 when all are there and no page is full.
  (func (export "sort") (param $at i32) (param $count i32) (result i32)
    (local $value v128) (local $page i32) (local $used i32)
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $value (v128.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (local.set $page (i8x16.extract_lane_u 0 (local.get $value)))
        (local.set $used (i32.load offset=0x8000 (i32.shl (local.get $page) (i32.const 2))))
        (v128.store offset=0x10000 (i32.add (i32.shl (local.get $page) (i32.const 12)) (local.get $used)) (local.get $value))
        (local.set $used (i32.add (local.get $used) (i32.const 16)))
        (i32.store offset=0x8000 (i32.shl (local.get $page) (i32.const 2)) (local.get $used))
        (br_if $each (i32.lt_u (local.get $used) (i32.const 4096)))
        (i32.store offset=0x8400 (i32.const 0) (local.get $page))
        (return (local.get $count))))
    (i32.const -1)))

;; Notes records that match by itself, where one like them was judged: so that nobody has to parse them.
;;
;; What tells whether two are alike is a record's outline: what those detections look at that it may match, and what says who is behind
;; it, without what each record has of its own. Outlines and other texts are kept in tables and known by their numbers there.
;;
;; It is a part of the scanner's module. Memory, beside that which scanner.wat names:
;;   0x2B000  the outline as it is made: the detections (i64), whether a session is left out of it (i8), and the fields
;;   0x2F020  what the record has of its own: begin and end of its session and of its address, or zeros, the number of the text of its day,
;;            the second of that day, begin and end of its Region; at 0x2F000 its eventID
;;   0x2F040  how many hits there are
;;   0x142000 a table of outlines and days   0x200000 one of the texts of hits: how many there are, where the next one goes, and 1 where there
;;            was no room for one; at 0x10 for each hash the number of a text with that or with one in front of it, or 0; at 0x8010 by
;;            number, 16 bytes each, where a text begins, its length, and at 8 of an outline who speaks for it: the number of that one among
;;            those that fit, -1 where it does not, or 0; of a day its first moment (f64); at 0x18010 the texts
;;   0x260000 hits, 40 bytes each: time (f64), at 8 the eventID as four numbers, at 24 its speaker, or 0, at 28 and 32 the numbers of the
;;            texts of its session and its address, or 0
(module
  ;; Notes the record from $p to $end for the detections with these bits, where one that is like it was judged. Returns 0 where that is
  ;; done; the number of its outline where none was judged yet that speaks for it, or of a day that is not known yet; -1 where it has none, or
  ;; where there is no room to know another one; or -2 where there is no room for a hit. It must be valid and no longer than half of the
  ;; place for what is picked.
  (func (export "note") (param $p i32) (param $end i32) (param $low i32) (param $high i32) (result i32)
    (local $outline i32) (local $speaker i32) (local $time f64) (local $session i32) (local $address i32) (local $at i32)
    (if (i32.eqz (call $hasRoom)) (then (return (i32.const -2))))
    (local.set $outline (call $outline (local.get $p) (local.get $end) (local.get $low) (local.get $high)))
    (if (i32.lt_s (local.get $outline) (i32.const 0)) (then (return (local.get $outline))))
    (local.set $speaker (i32.load offset=0x14A018 (i32.shl (local.get $outline) (i32.const 4))))
    (if (i32.eqz (local.get $speaker)) (then (return (local.get $outline))))
    (local.set $time (f64.load offset=0x14A018 (i32.shl (i32.load offset=0x2F030 (i32.const 0)) (i32.const 4))))
    ;; Of a day that is not known yet; that of 1970 begins at -0.
    (if (i64.eqz (i64.reinterpret_f64 (local.get $time))) (then (return (local.get $outline))))
    (local.set $time (f64.add
      (local.get $time)
      (f64.mul (f64.convert_i32_u (i32.load offset=0x2F034 (i32.const 0))) (f64.const 1000))))
    ;; There is no such day.
    (if (f64.ne (local.get $time) (local.get $time)) (then (return (i32.const -1))))
    ;; It does not fit, or is of another time.
    (if (i32.or
          (i32.lt_s (local.get $speaker) (i32.const 0))
          (i32.or (f64.lt (local.get $time) (global.get $since)) (f64.ge (local.get $time) (global.get $until))))
      (then (return (i32.const 0))))
    (local.set $session (call $own (i32.load offset=0x2F020 (i32.const 0)) (i32.load offset=0x2F024 (i32.const 0))))
    (local.set $address (call $own (i32.load offset=0x2F028 (i32.const 0)) (i32.load offset=0x2F02C (i32.const 0))))
    (if (i32.load offset=0x200008 (i32.const 0)) (then (return (i32.const -2))))
    (local.set $at (call $hit))
    (f64.store offset=0x260000 (local.get $at) (local.get $time))
    (v128.store offset=0x260008 (local.get $at) (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12
      (v128.load offset=0x2F000 (i32.const 0)) (v128.load offset=0x2F000 (i32.const 0))))
    (i32.store offset=0x260018 (local.get $at) (local.get $speaker))
    (i32.store offset=0x26001C (local.get $at) (local.get $session))
    (i32.store offset=0x260020 (local.get $at) (local.get $address))
    (i32.const 0))
  (global $since (export "since") (mut f64) (f64.const -inf))
  (global $until (export "until") (mut f64) (f64.const inf))

  ;; The number of the text from $p to $end among those of hits, or 0 where $p is, or where there is no room for it.
  (func $own (param $p i32) (param $end i32) (result i32)
    (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
    (call $intern (i32.const 0x200000) (i32.const 0x260000) (local.get $p) (i32.sub (local.get $end) (local.get $p))))

  ;; Whether there is room for another hit, and was for the texts of the last one.
  (func $hasRoom (export "hasRoom") (result i32)
    (i32.and
      (i32.lt_u (i32.load offset=0x2F040 (i32.const 0)) (i32.const 2000))
      (i32.eqz (i32.load offset=0x200008 (i32.const 0)))))

  ;; Makes room for another hit, which has no speaker. Returns where it is behind the first.
  (func $hit (export "hit") (result i32)
    (local $at i32)
    (local.set $at (i32.mul (i32.load offset=0x2F040 (i32.const 0)) (i32.const 40)))
    (i32.store offset=0x2F040 (i32.const 0) (i32.add (i32.load offset=0x2F040 (i32.const 0)) (i32.const 1)))
    (i32.store offset=0x260018 (local.get $at) (i32.const 0))
    (local.get $at))

  ;; The number of the outline of the record from $p to $end for the detections with these bits, or -1 where it is out of the ordinary, or
  ;; where there is no room for another one. The outline is what those detections look at, and what says who is behind it, but for
  ;; what has a place of its own at 0x2F000: records with the same one differ in nothing else that counts. What is left of a text that is
  ;; told apart is its quotes.
  (func $outline (param $p i32) (param $end i32) (param $low i32) (param $high i32) (result i32)
    (local $mask i64)
    (local $t i32) (local $class i32) (local $depth i32) (local $isKey i32) (local $within i32)
    (local $from i32) (local $part i32) (local $seen i32) (local $cut i32) (local $n i32) (local $to i32)
    (local $day i32) (local $second i32)
    (call $tokensOf (local.get $p) (local.get $end))
    (v128.store offset=0x2F020 (i32.const 0) (v128.const i64x2 0 0))
    (v128.store offset=0x2F030 (i32.const 0) (v128.const i64x2 0 0))
    (local.set $mask (call $maskOf (local.get $low) (local.get $high)))
    (local.set $t (i32.const 0x100000))
    (i64.store offset=0x2B000 (i32.const 0) (local.get $mask))
    (local.set $to (i32.const 0x2B009))
    (loop $token
      (local.set $p (i32.load (local.get $t)))
      (local.set $t (i32.add (local.get $t) (i32.const 4)))
      (local.set $class (i32.load8_u (i32.load8_u (local.get $p))))
      (if (i32.eq (local.get $class) (i32.const 6))
        (then
          (if (local.get $isKey)
            (then
              (local.set $isKey (i32.const 0))
              (if (i32.eq (local.get $depth) (i32.const 1))
                (then
                  (local.set $within (i32.const 0))
                  (local.set $n (call $wanted (local.get $p) (local.get $mask)))
                  (br_if $token (i32.eqz (local.get $n)))
                  (local.set $from (local.get $p))
                  ;; What a detection looks at stays as it is.
                  (br_if $token (i64.ne (i64.and (i64.load offset=56 (local.get $n)) (local.get $mask)) (i64.const 0)))
                  (local.set $part (i32.load8_u offset=10 (local.get $n)))
                  (if (i32.or (i32.eq (local.get $part) (i32.const 4)) (i32.eq (local.get $part) (i32.const 8)))
                    (then (local.set $within (local.get $part)))))
                (else
                  (if (i32.eq (local.get $within) (i32.const 4))
                    (then (local.set $part (call $ofIdentity (local.get $p) (local.get $depth))))
                    ;; What was answered counts where it may say that a sign-in failed.
                    (else (if (call $isSignIn (local.get $p)) (then (local.set $within (i32.const 0))))))))
              ;; Which of two counts is not for here to say: of all parts but 6.
              (local.set $n (i32.and (i32.shl (i32.const 1) (local.get $part)) (i32.const 0x1be)))
              (if (i32.and (local.get $seen) (local.get $n)) (then (return (i32.const -1))))
              (local.set $seen (i32.or (local.get $seen) (local.get $n)))
              (br $token)))
          (br_if $token (i32.eqz (local.get $part)))
          (local.set $p (i32.add (local.get $p) (i32.const 1)))
          (local.set $n (call $length (local.get $p) (local.get $end)))
          (if (i32.lt_s (local.get $n) (i32.const 0)) (then (return (i32.const -1))))
          (local.set $cut (local.get $p))
          (block $isCut
            (block $isRegion
              (block $isArn
                (block $isAddress
                  (block $isTime
                    (block $isId
                      (br_table $token $isId $isTime $isAddress $token $isArn $isCut $isRegion $token (local.get $part)))
                    (if (i32.eqz (call $uuid (local.get $p) (i32.const 0x2F000))) (then (return (i32.const -1))))
                    (local.set $seen (i32.or (local.get $seen) (i32.const 0x1000)))
                    (br $isCut))
                  (if (i32.ne (local.get $n) (i32.const 20)) (then (return (i32.const -1))))
                  (local.set $second (call $second (i32.add (local.get $p) (i32.const 10))))
                  (if (i32.lt_s (local.get $second) (i32.const 0)) (then (return (i32.const -1))))
                  (local.set $day (call $intern (i32.const 0x142000) (i32.const 0x200000) (local.get $p) (i32.const 10)))
                  (if (i32.eqz (local.get $day)) (then (return (i32.const -1))))
                  (i32.store offset=0x2F030 (i32.const 0) (local.get $day))
                  (i32.store offset=0x2F034 (i32.const 0) (local.get $second))
                  (br $isCut))
                (i32.store offset=0x2F028 (i32.const 0) (local.get $p))
                (i32.store offset=0x2F02C (i32.const 0) (i32.add (local.get $p) (local.get $n)))
                (br $isCut))
              (local.set $cut (call $session (local.get $p) (i32.add (local.get $p) (local.get $n))))
              (br_if $token (i32.eqz (local.get $cut)))
              (i32.store offset=0x2F020 (i32.const 0) (local.get $cut))
              (i32.store offset=0x2F024 (i32.const 0) (i32.add (local.get $p) (local.get $n)))
              (br $isCut))
            (i32.store offset=0x2F038 (i32.const 0) (local.get $p))
            (i32.store offset=0x2F03C (i32.const 0) (i32.add (local.get $p) (local.get $n))))
          (local.set $to (call $copy (local.get $to) (local.get $from) (local.get $cut)))
          (local.set $from (i32.add (local.get $p) (local.get $n)))
          (local.set $part (i32.const 0))
          (br $token)))
      ;; A colon, or a value that is no text.
      (br_if $token (i32.or (i32.eq (local.get $class) (i32.const 4)) (i32.gt_u (local.get $class) (i32.const 6))))
      (local.set $part (i32.const 0))
      (if (i32.lt_u (local.get $class) (i32.const 4))
        (then
          (local.set $depth (i32.add
            (local.get $depth)
            (i32.sub (i32.const 1) (i32.shl (i32.and (local.get $class) (i32.const 1)) (i32.const 1)))))))
      ;; A key follows a { or a comma.
      (local.set $isKey (i32.and
        (i32.or (i32.eqz (local.get $class)) (i32.eq (local.get $class) (i32.const 5)))
        (i32.or (i32.eq (local.get $depth) (i32.const 1)) (i32.ne (local.get $within) (i32.const 0)))))
      (br_if $token (i32.eqz (i32.and (local.get $class) (i32.const 1))))
      ;; A field ends with a comma, or with the record.
      (br_if $token (i32.gt_u (i32.add (local.get $depth) (i32.ne (local.get $class) (i32.const 5))) (i32.const 1)))
      (if (i32.and (i32.ne (local.get $from) (i32.const 0)) (i32.ne (local.get $within) (i32.const 8)))
        (then
          (local.set $to (call $copy (local.get $to) (local.get $from) (local.get $p)))
          (i32.store8 (local.get $to) (i32.const 44))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))))
      (local.set $from (i32.const 0))
      (br_if $token (local.get $depth)))
    ;; An ARN may end where the name of a session would begin, without one.
    (i32.store8 offset=0x2B008 (i32.const 0) (i32.ne (i32.load offset=0x2F020 (i32.const 0)) (i32.const 0)))
    ;; A Region counts where no ARN tells of its partition.
    (if (i32.and
          (i32.eqz (i32.load offset=0x2F020 (i32.const 0)))
          (i32.ne (i32.load offset=0x2F038 (i32.const 0)) (i32.const 0)))
      (then
        (i32.store8 (local.get $to) (i32.const 1))
        (local.set $to (call $copy
          (i32.add (local.get $to) (i32.const 1))
          (i32.load offset=0x2F038 (i32.const 0))
          (i32.load offset=0x2F03C (i32.const 0))))))
    (local.set $to (i32.sub (local.get $to) (i32.const 0x2B000)))
    ;; Without eventID or time, or so long that it is hardly met again.
    (if (i32.or
          (i32.or
            (i32.eqz (i32.and (local.get $seen) (i32.const 0x1000)))
            (i32.eqz (local.get $day)))
          (i32.gt_u (local.get $to) (i32.const 2048)))
      (then (return (i32.const -1))))
    (local.set $n (call $intern (i32.const 0x142000) (i32.const 0x200000) (i32.const 0x2B000) (local.get $to)))
    (select (local.get $n) (i32.const -1) (local.get $n)))

  ;; Which part of an identity the value is whose key is at $p: 5 its ARN, 6 what says who it is of those alone who
  ;; never speak for others (`named` in noted-hits.ts), 0 any other.
  (func $ofIdentity (param $p i32) (param $depth i32) (result i32)
    (local $first i64) (local $rest i32)
    (local.set $first (i64.load offset=1 (local.get $p)))
    (local.set $rest (i32.load offset=9 (local.get $p)))
    ;; arn"
    (if (i32.and (i32.eq (local.get $depth) (i32.const 2)) (i32.eq (i32.wrap_i64 (local.get $first)) (i32.const 0x226e7261)))
      (then (return (i32.const 5))))
    ;; accessKeyId", principalId", creationDate"
    (i32.mul (i32.const 6) (i32.or
      (i32.or
        (i32.and (i64.eq (local.get $first) (i64.const 0x654b737365636361)) (i32.eq (local.get $rest) (i32.const 0x22644979)))
        (i32.and (i64.eq (local.get $first) (i64.const 0x617069636e697270)) (i32.eq (local.get $rest) (i32.const 0x2264496c))))
      (i32.and
        (i64.eq (local.get $first) (i64.const 0x6e6f697461657263))
        (i64.eq (i64.load offset=6 (local.get $p)) (i64.const 0x22657461446e6f69))))))

  ;; Whether the key at $p is ConsoleLogin.
  (func $isSignIn (param $p i32) (result i32)
    (i32.and
      (i64.eq (i64.load offset=1 (local.get $p)) (i64.const 0x4c656c6f736e6f43))
      (i64.eq (i64.load offset=6 (local.get $p)) (i64.const 0x226e69676f4c656c))))

  ;; Where the name of the session begins in the ARN of a role's session from $p to $end: 0 where it is none, or has other characters
  ;; than ASCII.
  (func $session (param $p i32) (param $end i32) (result i32)
    (local $at i32) (local $q i32) (local $n i32)
    ;; arn:aws
    (if (i64.ne (i64.shl (i64.load (local.get $p)) (i64.const 8)) (i64.const 0x7377613a6e726100)) (then (return (i32.const 0))))
    (local.set $at (call $find (local.get $p) (local.get $end) (i32.const 47)))
    ;; The first slash stands behind :assumed-role, and something in front of the second.
    (if (i32.lt_u (local.get $at) (i32.add (local.get $p) (i32.const 13))) (then (return (i32.const 0))))
    (if (i64.ne (i64.load (i32.sub (local.get $at) (i32.const 13))) (i64.const 0x64656d757373613a)) (then (return (i32.const 0))))
    (if (i64.ne (i64.load (i32.sub (local.get $at) (i32.const 8))) (i64.const 0x656c6f722d64656d)) (then (return (i32.const 0))))
    ;; Its fifth part, the account, ends in front of that.
    (local.set $q (local.get $p))
    (local.set $n (i32.const 5))
    (loop $each
      (local.set $q (i32.add (call $find (local.get $q) (local.get $at) (i32.const 58)) (i32.const 1)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $each (local.get $n)))
    (if (i32.gt_u (local.get $q) (local.get $at)) (then (return (i32.const 0))))
    (local.set $p (i32.add (local.get $at) (i32.const 1)))
    ;; Sessions of AWSReservedSSO_ are people.
    (if (i64.eq (i64.load (local.get $p)) (i64.const 0x7265736552535741)) (then (return (i32.const 0))))
    (local.set $at (i32.add (call $find (local.get $p) (local.get $end) (i32.const 47)) (i32.const 1)))
    (if (i32.or
          (i32.eq (local.get $at) (i32.add (local.get $p) (i32.const 1)))
          (i32.ge_u (local.get $at) (local.get $end)))
      (then (return (i32.const 0))))
    (local.set $q (local.get $at))
    (loop $each
      (if (i32.ge_u (i32.load8_u (local.get $q)) (i32.const 128)) (then (return (i32.const 0))))
      (local.set $q (i32.add (local.get $q) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $q) (local.get $end))))
    (local.get $at))

  ;; Where the first $char from $p on is, or $end.
  (func $find (param $p i32) (param $end i32) (param $char i32) (result i32)
    (block $found
      (loop $each
        (br_if $found (i32.ge_u (local.get $p) (local.get $end)))
        (br_if $found (i32.eq (i32.load8_u (local.get $p)) (local.get $char)))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $each)))
    (local.get $p))

  ;; The second of the day of the time THH:MM:SSZ at $p, or -1 where it is none.
  (func $second (param $p i32) (result i32)
    (local $hour i32) (local $minute i32) (local $second i32)
    (if (i32.or
          (i32.or (i32.ne (i32.load8_u (local.get $p)) (i32.const 84)) (i32.ne (i32.load8_u offset=9 (local.get $p)) (i32.const 90)))
          (i32.or (i32.ne (i32.load8_u offset=3 (local.get $p)) (i32.const 58)) (i32.ne (i32.load8_u offset=6 (local.get $p)) (i32.const 58))))
      (then (return (i32.const -1))))
    (local.set $hour (call $pair (i32.add (local.get $p) (i32.const 1))))
    (local.set $minute (call $pair (i32.add (local.get $p) (i32.const 4))))
    (local.set $second (call $pair (i32.add (local.get $p) (i32.const 7))))
    (if (i32.or
          (i32.gt_u (local.get $hour) (i32.const 23))
          (i32.or (i32.gt_u (local.get $minute) (i32.const 59)) (i32.gt_u (local.get $second) (i32.const 59))))
      (then (return (i32.const -1))))
    (i32.add (i32.mul (local.get $hour) (i32.const 3600)) (i32.add (i32.mul (local.get $minute) (i32.const 60)) (local.get $second))))

  ;; The number of two digits at $p; 255 where they are none.
  (func $pair (param $p i32) (result i32)
    (local $a i32) (local $b i32)
    (local.set $a (i32.sub (i32.load8_u (local.get $p)) (i32.const 48)))
    (local.set $b (i32.sub (i32.load8_u offset=1 (local.get $p)) (i32.const 48)))
    (if (i32.or (i32.gt_u (local.get $a) (i32.const 9)) (i32.gt_u (local.get $b) (i32.const 9))) (then (return (i32.const 255))))
    (i32.add (i32.mul (local.get $a) (i32.const 10)) (local.get $b)))

  ;; Copies what is from $from to $end, and up to 15 bytes more, to $to. Returns where it ends there.
  (func $copy (param $to i32) (param $from i32) (param $end i32) (result i32)
    (local $by i32)
    (local.set $by (i32.sub (local.get $to) (local.get $from)))
    (loop $sixteen
      (v128.store (i32.add (local.get $from) (local.get $by)) (v128.load (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $sixteen (i32.lt_u (local.get $from) (local.get $end))))
    (i32.add (local.get $end) (local.get $by)))

  ;; The number of the text of $length bytes at $p in a table that ends at $limit, from 1 on; 0 where it is new and there is no more room.
  (func $intern (param $table i32) (param $limit i32) (param $p i32) (param $length i32) (result i32)
    (local $hash i64) (local $q i32) (local $left i32) (local $slot i32) (local $at i32) (local $n i32)
    (local.set $hash (i64.extend_i32_u (local.get $length)))
    (local.set $q (local.get $p))
    (local.set $left (local.get $length))
    (block $tail
      (loop $eight
        (br_if $tail (i32.lt_u (local.get $left) (i32.const 8)))
        (local.set $hash (i64.mul
          (i64.xor (i64.rotl (local.get $hash) (i64.const 29)) (i64.load (local.get $q)))
          (i64.const 0x9e3779b97f4a7c15)))
        (local.set $q (i32.add (local.get $q) (i32.const 8)))
        (local.set $left (i32.sub (local.get $left) (i32.const 8)))
        (br $eight)))
    (if (local.get $left)
      (then
        (local.set $hash (i64.mul
          (i64.xor
            (i64.rotl (local.get $hash) (i64.const 29))
            (i64.shl (i64.load (local.get $q)) (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $left) (i32.const 3))))))
          (i64.const 0x9e3779b97f4a7c15)))))
    (local.set $slot (i32.wrap_i64 (i64.shr_u (i64.mul (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))) (i64.const 0x9e3779b97f4a7c15)) (i64.const 51))))
    (block $new
      (loop $probe
        (local.set $at (i32.add (local.get $table) (i32.shl (local.get $slot) (i32.const 2))))
        (local.set $n (i32.load offset=0x10 (local.get $at)))
        (br_if $new (i32.eqz (local.get $n)))
        (local.set $q (i32.add (local.get $table) (i32.shl (local.get $n) (i32.const 4))))
        (if (i32.eq (i32.load offset=0x8014 (local.get $q)) (local.get $length))
          (then
            (if (call $same (i32.load offset=0x8010 (local.get $q)) (local.get $p) (local.get $length))
              (then (return (local.get $n))))))
        (local.set $slot (i32.and (i32.add (local.get $slot) (i32.const 1)) (i32.const 8191)))
        (br $probe)))
    (local.set $n (i32.add (i32.load (local.get $table)) (i32.const 1)))
    (local.set $left (i32.load offset=4 (local.get $table)))
    (if (i32.or
          (i32.eq (local.get $n) (i32.const 4096))
          (i32.gt_u (i32.add (local.get $left) (local.get $length)) (local.get $limit)))
      (then
        (i32.store offset=8 (local.get $table) (i32.const 1))
        (return (i32.const 0))))
    (i32.store (local.get $table) (local.get $n))
    (i32.store offset=4 (local.get $table) (i32.add (local.get $left) (local.get $length)))
    (i32.store offset=0x10 (local.get $at) (local.get $n))
    (local.set $q (i32.add (local.get $table) (i32.shl (local.get $n) (i32.const 4))))
    (i32.store offset=0x8010 (local.get $q) (local.get $left))
    (i32.store offset=0x8014 (local.get $q) (local.get $length))
    (i64.store offset=0x8018 (local.get $q) (i64.const 0))
    (memory.copy (local.get $left) (local.get $p) (local.get $length))
    (local.get $n))

  ;; Has a table hold no texts.
  (func (export "clear") (param $table i32)
    (memory.fill (local.get $table) (i32.const 0) (i32.const 0x8010))
    (i32.store offset=4 (local.get $table) (i32.add (local.get $table) (i32.const 0x18010)))))

# What reports say, in Japanese: the ids and gaps of en.ftl, in its order, as tests ask. Nouns end a sentence (体言止め) or である;
# codes, commands and words of site files stay as they are. A blank stands between Japanese and what may be Latin letters.

## audit/compare/write.rs

label_before = 変更前
label_after = 変更後
side_from_to = { $path }、{ $first } から { $last } まで
label_in_part = 一部のみ
nothing_changed = 変化なし
column_what = 対象
column_before_and_after = 変更前と変更後
more_with_v = ほか { $more } 件 (-v で表示)
count_of_kind = { $what } { $count }
one_requirement_lost = 充足しなくなった要件 1
requirements_lost = 充足しなくなった要件 { $count }
one_requirement_met = 充足した要件 1
requirements_met = 充足した要件 { $count }
one_requirement_otherwise = 結果が変わった要件 1
requirements_otherwise = 結果が変わった要件 { $count }
change_broke = 到達不能に変化
change_newly_stopped = 新たに遮断
change_newly_intercepted = 新たに TLS 傍受
change_new_unexpected = 新たな想定外
change_now_works = 到達可能に変化
change_now_work = 到達可能に変化
change_not_intercepted = TLS 傍受の解消
change_unexpected_gone = 想定外の解消
change_still_stopped = 遮断のまま
change_not_tried_again = 再試行なし
compared_broke = 到達していたが、現在は遮断
compared_newly_stopped = 初めて試行され、遮断
compared_requirement_lost = 現在は遮断されている要件
compared_newly_intercepted = 以前はなく、現在は経路上で TLS を復号
compared_new_unexpected = 新たな想定外の通信
compared_now_works = 遮断されていたが、現在は到達
compared_requirement_met = 現在は充足している要件
compared_not_intercepted = 経路上での TLS 復号がなくなった
compared_gone_unexpected = 観測されなくなった想定外の通信
compared_still_stopped = 引き続き遮断
compared_not_tried_again = 遮断されていたが、その後は試行なし
compared_requirement_changed = 以前と結果が異なる要件
outcome_at_stage = { $outcome } ({ $stage })

## cli/audit_periods.rs

count_1_flow = 1 フロー
count_flows = { $count } フロー

## judge/absence.rs

host_has_way = { $host } には{ $way }がある ({ $to })
host_uses_way = { $host } が使用: { $way } ({ $to })
may_be_over_connection_to = { $other } への接続に相乗りした可能性あり
certificate_has_name_too = { $other } への接続の証明書にこの名前も含まれる
sent_and_not_refused = 送信され、拒否はない。応答のないプロトコルのため、届いたかどうかは不明
satisfied_under_ech = ECH の下。平文の名前は他の名前を代表するもので、内側は見えない
hello_has_ech = hello に暗号化部分 (ECH) があるため、平文の名前は他の名前を代表している可能性あり
an_address = あるアドレス
seen_as_other_application = 観測されたが、ページにない { $spoken } によるもの
tried_under_ech_behind = { $name } を外側の名前とする ECH の下で試行。内側の名前は見えない
one_of_several_names = { $names } のいずれか。{ $address } へのフローは名前を示さない
tried_by_translation = { $address } で試行。アドレス変換 (NAT64) であれば該当するが、その記述がない
tried_from_unlisted = 一覧にないアドレスから試行。{ $initiator } が IPv4 に到達するためのアドレス (CLAT) であれば該当
older_connection_may_be_its = キャプチャ以前からの { $address } への接続が該当する可能性あり

## judge/alike.rs

name_stopped_alike = この名前だけが、異なるネットワークの { $alike } アドレスで同様に止まり、他の名前は通る。名前によるフィルター

## judge/attempt/connect.rs

syns_over = {" "}({ $over } の間)
syn_unanswered = SYN を{ $times }送信{ $over }、応答なし
once = {" "}1 回
so_many_times = {" "}{ $times } 回
one_ack = {" "}ACK{" "}
several_acks = 複数の ACK{" "}
syn_answered_by_old_ack = SYN を{ $times }送信し、別の接続の{ $acks }が返った。サーバーに同じポートの古い接続が残っている
syn_ack_not_acknowledged = SYN を{ $syns }送信し、SYN-ACK は返ったが、ACK されない。タップより先の帰り道で止まるか、送信元が破棄している
window_stayed_closed = 接続されたが、宛先のウィンドウが { $lasted } の間閉じたまま。何も受け取らない
syn_unanswered_without_times = SYN を{ $syns }送信、応答なし。全フレームが同一時刻のため、期間は不明
rst_right_after_handshake = ハンドシェイク直後に RST

## judge/attempt/datagram.rs

quic_datagrams = QUIC データグラム
plain_datagrams = データグラム
one_datagram_sent = データグラム 1 個を送信
datagrams_sent = { $what } { $packets } 個を送信
datagrams_unanswered = { $sent }、応答なし
quic_goes_on = サーバーは QUIC ハンドシェイクに応答し、クライアントは { $waited } 続けたが完了しない
quic_closed_by_alert = サーバー側がアラート { $description } で QUIC ハンドシェイクを終了

## judge/attempt/device.rs

stopped_behind_device = { $passed }。止めているものはその先にある
device_passed = 通過
device_stopped = 破棄
of_the_answers = { $words } (応答側のパケット)
device_ended = 終了
pf_anchor = アンカー { $ruleset } の { $rule }.{ $subrule }
pf_bad_offset = {" "}(不正なオフセット)
pf_fragment = {" "}(フラグメント)
pf_too_short = {" "}(長さ不足)
pf_normalisation = {" "}(正規化)
pf_no_memory = {" "}(メモリー不足)
pf_not_by_rule = {" "}(ルール一致以外の理由)
pf_rule = pf が { $interface } でルール { $rule } により{ $what }{ $why }
hook_prerouting = prerouting
hook_input = input
hook_forward = forward
hook_output = output
hook_postrouting = postrouting
hook_unknown = 不明なフック
nflog_words = netfilter が { $hook } で、ルール作成者の文言 { $prefix } とともに記録
xdp_failed = このホストの XDP プログラムが処理に失敗 (XDP_ABORTED)
xdp_dropped = このホストの XDP プログラムが破棄 (XDP_DROP)
xdp_let_go_on = このホストの XDP プログラムが通過させた (コード { $code })
windows_dropped = Windows 自身が破棄
big_ip_reset = BIG-IP 自身がリセットを送信: { $cause }
in_file_of_dropped = 機器が破棄したパケットのファイルに含まれる
fw_monitor_inbound = fw monitor は { $interface } の i で観測、I では観測なし。ゲートウェイの受信チェーンが破棄
fw_to_leave_by = 送出先
fw_came_in_by = 受信元
fw_monitor_outbound = fw monitor は { $by } { $interface } の o で観測、O では観測なし。ゲートウェイの送信チェーンが破棄
fw_monitor_left = fw monitor はゲートウェイからの送出を観測 ({ $interface })

## judge/attempt/handshake.rs

said_rst = RST
the_http_request = HTTP リクエスト
the_first_data = 最初のデータ
the_key_exchange = クライアントの鍵交換
second_hello = サーバーが求めた 2 回目の ClientHello{" "}
a_hello_without_name = 名前のない ClientHello{" "}
the_client_hello = ClientHello{" "}
second_hello_plain = サーバーが求めた 2 回目の ClientHello{" "}
lost_segment = { $length } バイトのセグメント、{" "}
flight_not_acknowledged = { $segment }サーバー側のハンドシェイク計 { $unheard } バイトが、{ $waited } 以内にクライアントから ACK されない
server_alert = サーバー側がアラート { $description } でハンドシェイクを終了
servers_hello = hello
servers_answer = 応答 (読める範囲では hello ではない)
said_fin = FIN
handshake_cut = サーバー側が { $answer } の { $flight } 後、ハンドシェイク完了前に { $how }
handshake_left = クライアントがサーバーの { $answer } の { $flight } 後に接続を終了し、Finished を送らない
the_last_message = クライアントのハンドシェイク最終メッセージ
ended_after = { $what }の { $wait } 後に { $how }
fin_answers = { $what }に対して FIN
connection_reset = リセット
connection_closed = クローズ
ended_too_early = { $what }が届く前に、サーバー側が{ $how }
was_sent = { $what }を送信
was_sent_times = { $what }を { $times } 回送信
no_data_within = { $words }、{ $waited } 以内にデータの応答なし
no_data_though_acknowledged = { $words }、ACK はされたが { $waited } 以内にデータの応答なし
plain_status_answers = ClientHello に対して平文の HTTP ステータス { $status }
the_server_side = サーバー側
the_server_behind_flight = クライアントのフライト後にサーバー
the_client = クライアント
alert_by = { $who }がアラート { $description } でハンドシェイクを終了
server_answers_with_alert_size = サーバーがクライアントのフライトにアラート大のレコードで応答し、終了
client_answers_with_alert_size = クライアントがサーバーのフライトにアラート大のレコードで応答し、終了

## judge/attempt/http.rs

status_alone = HTTP ステータス { $status }
page_names_policy = ポリシーを明示
page_has_marks = 特徴が一致
block_page_of = { $by } のブロックページ ({ $what })
http_answer_is = HTTP 応答 { $status } は { $page }
proxy_answers_status = プロキシがステータス { $status } で応答
rst_answers_later_request = 別のリクエストには応答した接続で、HTTP リクエストに対して RST
http_answer_block_page = HTTP 応答は { $mark } のブロックページ

## judge/attempt/icmp.rs

icmp_prohibited = 管理上の禁止
icmp_port = ポート到達不能
icmp_time = 時間超過
icmp_unreachable = 到達不能
icmp_from = { $from } から { $version } タイプ { $kind } コード { $code } ({ $what })

## judge/attempt/late.rs

end_unanswered = { $payload_bytes } バイトの受信後、送信元の終了に { $waited } 応答なし{ $unheard }
rst_after_bytes = { $payload_bytes } バイトの受信後に RST{ $unheard }
stalled_after_bytes = { $payload_bytes } バイトの受信後、{ $waited } 応答なし{ $unheard }
not_acknowledged = 。送信元のシーケンス番号 { $numbers } 個分が ACK されない

## judge/attempt/mod.rs

doubt_one_way = 片方向しかキャプチャされていない
doubt_capture_end = その直後にキャプチャが終わる
doubt_midstream = 途中からキャプチャが始まる
doubt_nothing_said = 接続されたが、双方とも何も送っていない
doubt_given_up = 送信元が先に中止
doubt_frames_missing = そのフレームがキャプチャに欠けている
doubt_no_times = キャプチャの全フレームが同一時刻
doubt_sent_elsewhere = すべての応答が一覧にないホストへのリダイレクト
doubt_older = キャプチャ開始前に開かれたため、その後の DNS からは宛先の名前が分からない
doubt_one_of_several = 名前を示さず、アドレスには複数の名前がある。そのいずれか
doubt_encrypted_hello = ECH の下で試行。内側の名前は見えない
doubt_other_application = ページにないアプリケーションの通信
doubt_translation = 宛先の末尾が IPv4 アドレス。アドレス変換 (NAT64) かどうかの記述がない
doubt_guessed_host = 一覧にないアドレス。サイトのホストが IPv4 に到達するためのもの (CLAT) の可能性あり
doubt_unanswered = 応答なし。応答があるべきかどうかは不明
doubt_only_logged = 機器のログの記録かサンプルしかなく、そこにないことは欠落を意味しない
doubt_key_refused = サーバーが暗号化 hello の鍵を受け入れず、クライアントが再試行

## judge/attempt/reset.rs

rst_before_own_data = { $what }に対して RST、その後にサーバー自身のデータが届く
rsts_differ = サーバーが何も送らないうちに、{ $what }に対してシーケンス番号の異なる RST が { $resets } 個
rst_ttl_unlike_syn_ack = RST の TTL は { $ttl }、同じ接続の SYN-ACK は { $ttl2 }。サーバーが送ったものではない
rst_answers_with_other_ttl = { $what }に対して、サーバーと異なる TTL の RST
rst_ttl_unlike_server = RST の TTL は { $ttl }、同じ接続のサーバーの他のパケットは { $ttl2 }。サーバーが送ったものではない
rst_in_handshake_with_other_ttl = ハンドシェイクの途中に、サーバーと異なる TTL の RST

## judge/attempt/tcp.rs

rst_answers_syn = SYN に対して RST

## judge/attempt/tunnel.rs

the_socks_request = SOCKS リクエスト
the_connect = CONNECT{" "}
and_page_of = {" "}と { $by } のページ
status_and_page = ステータス { $status }{ $page }
socks_reply = 応答 { $reply } ({ $meaning })
socks_reply_rejected = 応答 { $reply } (拒否または失敗)
socks_login_refused = ログイン不可
proxy_answers = { $what }に対するプロキシの応答: { $said }
socks_not_allowed = プロキシのルールによる接続不許可
socks_network = ネットワーク到達不能
socks_host = ホスト到達不能
socks_refused = 宛先による接続拒否
socks_ttl = TTL 超過
socks_command = 未対応のコマンド
socks_address = 未対応のアドレス種別
socks_failure = 一般的な失敗
silent_to_socks = SOCKS リクエストに応答しない
silent_to_connect = CONNECT に応答しない
closes_on_socks = SOCKS リクエストに応答せずに接続を閉じる
closes_on_connect = CONNECT に応答せずに接続を閉じる
proxy_does = プロキシが { $what }{ $words }
inside_rst = ClientHello に対して RST
inside_fin = ClientHello に対して FIN
inside_hello_unanswered = ClientHello に応答なし
inside_unanswered = クライアントの送信に応答なし
inside_ends = クライアントの送信に応答せずに接続が終わる
inside_tunnel = プロキシが許可したトンネル内で、{ $what }{ $words }
inside_tunnel_alert = プロキシが許可したトンネル内で、TLS アラートが返る
proxy_ends_stream = プロキシが CONNECT のストリームを終了。プロキシ自身の接続が失敗
proxy_resets_stream = プロキシが CONNECT のストリームをコード { $code } でリセット
inside_stream_unanswered = プロキシが許可したトンネル内で、クライアントの送信に応答なし
proxy_silent_to_connect = プロキシが CONNECT に応答しない
what_and_silence = { $what }{ $silence }
silence_rst = {" "}({ $waited } 後に RST)
silence_fin = {" "}({ $waited } 後に FIN)
silence_within = {" "}({ $waited } 以内)

## judge/audited.rs

do_see_interface = インターフェースやファイルが正しいか、キャプチャフィルターがすべてを除外していないかを確認
do_see_tap = タップがホストの通信を、pktaudit の読めるリンク種別とトンネルで運んでいるかを確認
do_see_site_file = サイトファイルの文書、リージョン、機能、役割を確認。pktaudit rules list で各要件が無効な理由を表示
do_give_roles = サイトファイルでホストに役割を与える。pktaudit site init がこのキャプチャから雛形を作成
do_put_hosts = 観測されたホストをサイトファイルの [roles] に加えるか、サイトファイルのホストがいる場所でキャプチャする
do_see_ignore = サイトファイルの [[ignore]] と、インターフェースが正しいかを確認
count_and_reason = { $why } { $n }
nothing_no_frame = フレームがない
nothing_no_flow = { $frames } フレーム中にフローのパケットがない
reason_and_count = { $why } { $n }
nothing_no_requirement = このサイトで有効な要件がない
nothing_no_private = プライベートアドレスから始まるフローがない
nothing_from_networks = { $networks } から始まるフローがない
nothing_no_host = フローを開いたホストがない
host_one_flow = { $ip } (1 フロー)
host_flows = { $ip } ({ $flows } フロー)
hosts_seen = 観測されたホスト: { $seen }
nothing_left_out = サイトのホストのフローはすべて対象外
nothing_audited = 監査対象なし: { $why }
what_with_list = { $what } ({ $list })

## judge/blocked.rs

stopped_at = 遮断 ({ $stage }): { $shown }
likely_stopped_at = 遮断の可能性大 ({ $stage }): { $shown }
failed_at = 失敗 ({ $stage }): { $shown }
at_own_proxy = サイト自身のプロキシへの接続段階。{ $what }
reached_until = { $until } までは到達
reached_but_stalls = 到達したが、どの接続も後で停滞: { $shown }
do_see_stalls = 通信途中の接続を止めるもの (コンテンツフィルター、セッション数やバイト数の制限、パス MTU) を確認
reached_but_one_way_fails = 到達したが、別の経路は失敗: { $shown }
do_open_other_way = 失敗する経路も開けるか、そのアドレスを DNS から除く
recovered_after = { $last } まで遮断 ({ $stage })、その後到達: { $words }
recovered_later = 遮断 ({ $stage })、その後到達: { $words }
do_see_change = その間に経路で何が変わったかを確認
of_port = {" "}ポート { $port }/{ $transport }
do_give_login = { $from } のエージェントにプロキシで有効なログインを与えるか、{ $target } をプロキシ認証の対象外にする
do_see_proxy_log = プロキシのログで、{ $from } から { $target }{ $port } を許可しているか、プロキシ自身が到達できるかを確認
do_see_path = { $from } から { $target }{ $port } までの経路と、サーバーの稼働を確認
do_allow_by_named_rule = 記録した機器で、示されたルールにより { $from } から { $target }{ $port } を許可
do_allow_on_host = キャプチャしたホスト自身で { $from } から { $target }{ $port } を許可
do_allow_between_points = 2 地点の間の機器で { $from } から { $target }{ $port } を許可
do_allow_in_firewalls = 経路上のファイアウォールで { $from } から { $target }{ $port } を許可
do_allow_any_source_port = 経路上のファイアウォールで、送信元ポートを問わず { $from } から { $target }{ $port } を許可
do_allow_on_device = 拒否している機器 { $by } で { $from } から { $target }{ $port } を許可
do_allow = { $from } から { $target }{ $port } を許可
do_allow_name = TLS の名前で制御するもの (Web フィルター、アプリケーション制御) で名前 { $target } を許可
do_exempt = { $target } を TLS 検査の対象外にするか、検査用 CA をエージェントに与える
do_let_resolver_by = リゾルバー { $by } が { $target } に答えるようにする
do_let_resolver = リゾルバーが { $target } に答えるようにする
do_allow_on_proxy = プロキシで { $target }{ $port } を許可
do_let_proxy_reach = プロキシ自身から { $target }{ $port } への通信を許可
do_allow_in_web_filter = Web フィルターで { $target } を許可

## judge/census.rs

way_dns = 平文の DNS
way_dns_elsewhere = 一覧にないネームサーバーへの平文の DNS
way_dot = DNS over TLS
way_doq = DNS over QUIC
way_doh = DNS over HTTPS
way_likely_doh = DNS over HTTPS らしき通信
way_tls_proxy = TLS 上のプロキシ
way_unreached_proxy = 到達できないサイトのプロキシ
way_likely_proxy = プロキシのように使われる TLS の単一サーバー
way_nameless_tls = 名前のない TLS
way_ech = 暗号化 hello (ECH)
way_older = キャプチャ以前からの接続
way_no_lookup = キャプチャ内に名前解決のない接続
way_one_lookup = 名前解決 1 件
way_lookups = 名前解決 { $count } 件
way_one_connection = 接続 1 件
way_connections = 接続 { $count } 件
way_gone = { $way }: { $to } への{ $what }
way_gone_by_hosts = { $way }: { $hosts } ホストから { $to } への{ $what }
names_hidden_hosts = { $all } ホスト中 { $hidden } ホストの名前が隠れている

## judge/control.rs

rst_with_other_ttl = サーバーと異なる TTL の RST
control_ttl = RST の TTL は { $ttl }、このサーバーの他のパケットはすべて { $own }。サーバーが送ったものではない
control_hasty = { $took } で終了。これらのサーバーの SYN-ACK は最短でも { $soonest }。サーバーが送ったものではない
control_other_port = 同じアドレスがこのクライアントにポート { $port } では応答。ポートによるフィルター
control_over_udp = 同じアドレスがこのクライアントに UDP ポート { $port } では応答。TCP に対するフィルター
control_other_client = 同じアドレスとポートが { $client } には応答。送信元によるルール
control_path = 他の { $others } アドレスがこのクライアントにポート { $port } で応答。経路は正常
control_other_name = 同じアドレスがこのクライアントに名前 { $name } では応答。名前によるフィルター
control_same_name_elsewhere = 同じアドレスの同じ名前が { $client } には応答。送信元によるルール
control_trusted_elsewhere = { $client } は同じサーバーの同じ名前でハンドシェイクを完了。信頼していないのはこのクライアントだけ
control_through_proxy = 同じプロキシがこのクライアントに { $name } への通信は許可
control_sooner_reset = RST まで { $refused }。これらのサーバーの SYN-ACK は最短でも { $soonest }。サーバーが送ったものではない
control_served_inside = ベンダーの名前がサイト内の { $server } で提供されている
control_other_machine_ttl = SYN-ACK の TTL は { $ttl }、このアドレスの他のパケットは { $other }。別の機器が応答している
control_other_machine_near = パケットが通ったルーターは最大 { $away }、他の全サーバーでは最小 { $nearest }。別の機器が応答している
whose_this_server = このサーバー
whose_neighbours = 近隣のサーバー
control_nearer_reset = RST の TTL は { $ttl }、{ $whose }の SYN-ACK は { $known }。サーバーが送ったものではない
control_udp_other_client = 同じサーバーが { $client } には応答。送信元によるルール
control_udp_path = サーバー { $server } が同じポートでこのクライアントに応答。経路は正常

## judge/evidence.rs

stage_dns = 名前解決
stage_connect = 接続
stage_tls = TLS
stage_proxy = プロキシ
stage_http = HTTP
stage_quic = QUIC
stage_udp = UDP
stage_late = 通信途中
evidence-D-EDE = リゾルバーが応答の遮断、検閲、フィルター、偽装を明示 (RFC 8914)
evidence-D-SINK = リゾルバーがどこにも通じないアドレスを返す
evidence-D-NX = リゾルバーが名前の不存在を回答
evidence-D-REFUSED = リゾルバーが回答を拒否
evidence-D-SERVFAIL = リゾルバーが回答に失敗
evidence-D-SILENT = リゾルバーが応答しない
evidence-D-RPZ = リゾルバーがポリシーゾーンから回答
evidence-D-NODATA = リゾルバーは名前を知っているが、アドレスを返さない
evidence-D-ALIAS = 名前は別名で、その先のアドレスが返らない
evidence-D-TRUNC = 応答が UDP には大きすぎ、TCP でも得られない
evidence-D-FRAG = 応答がフラグメントで届き、後続が欠けている
evidence-D-INJECT = 1 つの問い合わせに矛盾する 2 つの応答
evidence-D-NOCONN = 名前は解決されたが、接続が試行されない
evidence-T-SYN0 = SYN に応答がない
evidence-T-SAC-LOST = SYN-ACK が ACK されない。帰り道の遮断
evidence-T-ACK-OLD = SYN に対して古い接続の ACK が返る
evidence-T-WIN0 = 接続は開くが何も受け取らない。ウィンドウが閉じたまま
evidence-T-SPORT = 一部の送信元ポートの SYN だけが消え、他は応答される
evidence-T-RST = SYN に対して RST
evidence-T-RSTFAST = サーバーより近い何かが SYN に RST で応答
evidence-T-ICMP-ADM = 経路上の機器が通信の禁止を通知
evidence-T-ICMP-PORT = 機器が TCP にポート到達不能で応答。パケットフィルターの挙動
evidence-T-ICMP-NET = 機器がアドレスへの経路なしを通知
evidence-T-SAC-RST = サーバーに何も届かないうちに接続がリセットまたはクローズ
evidence-T-POSTACK = 接続は開くが、クライアントの送信に応答がない
evidence-T-2POINT = 内側に入ったものが外側に出ない、またはその逆
evidence-F-PFLOG = pf のログにルールによる破棄の記録
evidence-F-NFLOG = netfilter のログに、破棄するルールの文言付きの記録
evidence-F-XDP = キャプチャしたホストの XDP プログラムが破棄
evidence-F-WINDOWS = Windows が破棄を明示
evidence-F-CHAIN = Check Point ゲートウェイのチェーンの一地点にあり、次の地点にはない
evidence-F-RESET = F5 BIG-IP がリセットし、理由を明示
evidence-F-DROPFILE = 破棄されたパケットだけのファイルに含まれる
evidence-L-RST = ClientHello の直後に接続がリセット
evidence-L-SILENT = ClientHello に応答がない
evidence-L-FIN = ClientHello の直後に接続がクローズ
evidence-L-FLIGHT = サーバー側のハンドシェイクがクライアントに届かない
evidence-L-KEYS = ハンドシェイクが停止。サーバーの hello 後のクライアントの送信に応答がない
evidence-L-CUT = サーバー側がハンドシェイク完了前に接続を終了
evidence-L-LEFT = クライアントがハンドシェイク完了前に接続を終了
evidence-L-INJECT = リセットはサーバー以外が送ったもの
evidence-L-NOSNI = サーバー名のない ClientHello に応答がない
evidence-L-PLAIN = ClientHello に平文の HTTP で応答
evidence-L-ALERT-S = サーバー側が ClientHello をアラートで拒否
evidence-L-ALERT-C = クライアントが提示された証明書を信頼しない
evidence-L-ISSUER = 証明書が経路上で TLS を復号するものによる
evidence-H-RST = HTTP リクエストの直後に接続がリセット
evidence-H-FIN = HTTP リクエストの直後に、応答なく接続がクローズ
evidence-H-BLOCK = HTTP 応答がポリシーまたは法令によるアクセス拒否を明示
evidence-H-CONNECT = CONNECT、SOCKS またはリクエストの要求をプロキシが拒否
evidence-H-GATEWAY = プロキシが宛先に到達できない
evidence-H-SILENT = プロキシがトンネルの要求を受け取り、応答しない
evidence-U-SILENT = UDP の要求に応答がない
evidence-U-ICMP-ADM = 経路上の機器が通信の禁止を通知
evidence-U-ICMP = 機器がアドレスまたはポートへの到達不能を通知
evidence-Q-DROP = QUIC の Initial パケットに応答がない
evidence-Q-HALF = QUIC ハンドシェイクは応答されるが、完了しない
evidence-Q-BOTH = QUIC も TCP も通らない
evidence-Q-CLOSE = QUIC ハンドシェイクがエラーで終了
evidence-Q-ICMP = 機器が QUIC データグラムの通過不能を通知
evidence-M-LATE = データが流れた後に接続が切れる

## judge/finding.rs

severity_high = 高
severity_medium = 中
severity_low = 低
code-nothing-audited = 監査対象なし
finding-nothing-audited = 監査対象なし。通信、ホスト、または照合する要件がない
code-blocked = 遮断
finding-blocked = 要件のある通信が経路上で遮断
code-failed = 失敗
finding-failed = 要件のある通信が失敗。原因の所在は不明
code-forbidden = 禁止通信
finding-forbidden = ページが禁じている通信
code-name-contradicted = 名前の不一致
finding-name-contradicted = ハンドシェイクの名前は一覧にないが、アドレスは一覧にある名前のもの
code-other-application = 別アプリケーション
finding-other-application = 一覧にある宛先だが、ページにないアプリケーションの通信
code-encrypted-hello = 暗号化 hello
finding-encrypted-hello = 外側の名前と証明されない名前の裏で、一覧にある名前が暗号化 hello により試行された可能性
code-encrypted-dns = 暗号化 DNS
finding-encrypted-dns = サイトのネームサーバーへの、平文ではなく TLS、QUIC または HTTPS による DNS
code-wrong-port = ポート違い
finding-wrong-port = 一覧にある宛先の、一覧にないポート
code-wrong-path = パス違い
finding-wrong-path = 一覧にある宛先の、一覧にないパス
code-wrong-role = 役割違い
finding-wrong-role = 一覧にある宛先だが、この役割のホスト向けではない
code-switched-off = 無効な要件
finding-switched-off = このサイトで無効な機能、リージョンまたは文書の宛先
code-expired = 期限外
finding-expired = 有効期間外の項目による宛先
code-not-tls = 非 TLS
finding-not-tls = 一覧にある宛先に到達したが、要件の求める TLS ではない
code-list-gap = 一覧漏れ
finding-list-gap = ベンダーのドメイン下にあるが、一覧にない名前
code-hides-names = 名前の隠蔽
finding-hides-names = 行き先を隠しているらしい一覧外のサーバー。TLS 上のプロキシまたはリゾルバー
code-unexpected-name = 想定外の名前
finding-unexpected-name = どの要件にもない、名前のある宛先
code-other-address = 別アドレス
finding-other-address = 役割のあるホストの 2 つ目のアドレスで、役割がなく、通信が監査されない
code-unnamed = 名前なし
finding-unnamed = 名前がなく、アドレスもどの要件にもない宛先
code-port-unstated = ポート未記載
finding-port-unstated = 一覧にある宛先の想定外のポート。ページにポートの記載なし
code-doubtful-entry = 疑義のある項目
finding-doubtful-entry = 一覧にある宛先だが、項目に疑義あり。誤記であれば他者の名前
code-both-alternatives = 排他的な併用
finding-both-alternatives = 排他的な 2 つの選択肢の両方が使用された
code-never-seen = 未観測
finding-never-seen = キャプチャで一度も使われなかった要件
code-recovered = 回復
finding-recovered = 最初は遮断された通信が、その後到達
code-intercepted = TLS 傍受
finding-intercepted = 一覧にある宛先への TLS が経路上で復号されている
code-degraded = 一部不通
finding-degraded = 到達するが、1 つの経路が常に失敗するか、どの接続も後で停滞

## judge/hidden_names.rs

own_dns_hidden = サイトのネームサーバーへの { $dns }。ページには平文の DNS があり、問い合わせの内容は見えない
own_dns_fails = サイトのネームサーバーへの { $dns }。ページには平文の DNS があり、毎回失敗: { $shown }
do_say_encrypted = サイトの名前解決がそうであれば、サイトファイルの [dns] に encrypted = true と記す。そうでなければホストで無効にする
may_be_outer = DNS は { $inner } としてこのアドレスを返し、hello には暗号化部分 (ECH) がある。{ $target } は外側の名前にすぎない可能性があるが、キャプチャ内の HTTPS レコードには示されていない
do_say_outer = プロバイダーの ECH の外側の名前であれば、サイトファイルの [ech] に outer-names として記す。そうでなければプログラムの真の通信先を特定
spoken_instead = ページには { $listed } とあるが、{ $spoken } の通信
do_find_application = どのプログラムかを特定。アプリケーションを識別するファイアウォールはこれを止め、また本来の通信が通ることの証明にはならない

## judge/hosts.rs

same_host_perhaps = 推定。/64 内に単独で、変換用のアドレスとだけ通信しており、ホスト自身の IPv4 用アドレス (CLAT) らしい。そうであればサイトファイルでホストの役割に加える
same_host_by_card = 両者のパケットが同じネットワークカードから来ている
taken_for_host = { $all } を { $host } とみなす: { $why }
translation_untold = { $ip } の末尾は要件にある { $v4 }。アドレス変換であれば、サイトファイルの [dns] に nat64 = ["{ $prefix }"] と記す

## judge/intent/settle.rs

udp_tries_unanswered = UDP で { $tries } 回試行、応答なし
and_tcp_fails = { $words }、TCP も失敗

## judge/intercepted.rs

do_exempt_names = ベンダーが求める場合、これらの名前を TLS 検査の対象外にする

## judge/interception.rs

signed_by_no_public_ca = { $wanted } の証明書の署名者は { $issuer } で、公的な CA ではない
signs_for_unrelated = 同じ発行者が無関係な所有者の名前 ({ $owners }) にも署名。TLS が経路上で復号されている

## judge/lookup.rs

of_alias = 別名 { $way }: { $words }

## judge/lookup_failure.rs

answered_by_another = { $asked } に問い合わせ、{ $ip } が応答。ホストはこのような応答を破棄する
over_tcp = {" "}(TCP)
one_query_unanswered = { $server } に問い合わせ 1 回{ $over }、応答なし
queries_unanswered = { $server } に問い合わせ { $count } 回{ $over }、応答なし
control_resolver_but_servers = 同じリゾルバー { $server } がこのクライアントに他の名前は解決。その先のネームサーバーが停止している可能性あり
answer_truncated = { $server } の応答が UDP 用に切り詰められ、TCP でも完全な応答がない
answer_in_fragments = { $server } の応答がフラグメントで、最初の 1 つしかない
control_resolver = 同じリゾルバー { $server } がこのクライアントに他の名前は解決
extended_dns_error = { $server } から拡張 DNS エラー { $code }{ $text }
policy_answer = 応答
policy_no_data = データなし
policy_nxdomain = {" "}NXDOMAIN{" "}
policy_from_zone = { $server } がゾーン { $zone } から{ $what }を返す ({ $why })
zone_not_of_name = 名前はこのゾーンに属さない
zone_additional = この SOA レコードを追加セクションで送るゾーンはない
zone_is_name = 存在しないとされる名前そのもの
answers_sinkhole = { $server } が { $first } と回答
servfail_from = { $server } から SERVFAIL
nxdomain_of_own_zone = { $server } から NXDOMAIN。見える限り、その名前自身のゾーンによる回答
nxdomain_from = { $server } から NXDOMAIN
refused_from = { $server } から REFUSED
answers_alias = { $server } が別名 { $target } だけを返し、アドレスがない
no_address_of_own_zone = { $server } がアドレスを返さない。見える限り、その名前自身のゾーンによる回答
answers_other_names = { $server } が他の名前のレコードだけを返す
answers_without_address = { $server } がアドレスなしで応答
with_ttls = {" "}(TTL は { $one } と { $two })
two_answers = { $ip } への 1 回の問い合わせに、異なる 2 つの応答{ $ttls }

## judge/lookup_intent.rs

reached_with_suffix = 到達したのは検索サフィックスを付けた名前
one_family_failed = { $words }。一方のアドレスファミリーで { $tries } 回。他方にはアドレスが返ったが、接続は開かれていない
control_dual_stack = { $other } には IPv6 アドレスもあるが、このクライアントは IPv4 だけで通信
over_tcp_port_53 = TCP ポート 53: { $words }

## judge/nameless.rs

a_resolver = 一覧にないリゾルバー
a_time_server = 一覧にない時刻サーバー
a_log_collector = 一覧にないログ収集サーバー
do_find_resolver = ホストがこのリゾルバーをどこから得たか (DHCP、設定、独自のプログラム) を特定。サイトファイルにネームサーバーとして記すか、ホストに一覧のものを使わせる
do_find_time_server = ホストがこの時刻サーバーをどこから得たか (DHCP、設定) を特定。サイトファイルに記すか、ホストに一覧のものを使わせる
do_find_log_sender = ログの送信元プログラムを特定。収集サーバーをサイトファイルに記すか、送信を止める
do_find_caller = このホストに接続しているものを特定し、接続されるべきホストかを確認
do_start_earlier = プログラムを特定。名前解決が観測されるよう、キャプチャを早めに開始

## judge/needs.rs

no_need_optional = 任意
no_need_feature_off = 無効な機能または役割のもの
no_need_region = 別リージョンのもの
no_need_role_unbound = サイトファイルで割り当てのない役割のもの
no_need_not_valid = 当時は有効期間外
no_need_undecided = サイトファイルに記述のない機能のもの
no_need_stood_in = 他の要件で代替
no_need_forbids = 禁止対象が観測されなかったもの
no_need_hosts_silent = 何も送信しなかったホストのもの
no_need_not_shown = サンプルまたはこのミラーには現れないもの

## judge/other_address.rs

and_failed = 、うち { $failed } は到達せず
one_flow_not = 1 フロー
flows_not = { $all } フロー
same_card = { $known } と同じカード (MAC アドレス) だが役割がないため、{ $flows }が監査対象外{ $failed }: { $to }
do_add_to_roles = サイトファイルで { $known } の役割に加える
name_and_port = { $name } ポート { $port }/{ $transport }

## judge/outcome.rs

outcome_blocked_confirmed = 遮断確定
outcome_blocked_likely = 遮断推定
outcome_failed_unattributed = 原因不明の失敗
outcome_inconclusive = 判定不能
outcome_degraded = 一部不通
outcome_ok_after_retry = 再試行後に到達
outcome_ok = 到達
outcome_race_lost = 競合で中止
outcome_unexpected = 想定外
outcome_unnamed = 名前なし
outcome_out_of_scope = 監査対象外

## judge/requirement_verdict.rs

status_violated = 違反
status_blocked = 遮断
status_failed = 失敗
status_inconclusive = 判定不能
status_not_seen = 未観測
status_satisfied = 充足
status_not_active = 無効
never_resolved = どのホストもその名前を DNS に問い合わせていない
asked_without_address = ホストが DNS に問い合わせたが、アドレスが観測されない
resolved_never_tried = 名前は解決されたが、どのホストも接続していない
no_initiator = 送信元の役割のホストが何も送信していない
never_tried = どのホストも接続していない
closed_as_asked = 求めどおり閉じている。試行は拒否されたか、応答なし
nothing_forbidden = 禁止されている通信は観測なし
names_hidden = 名前が隠れており、接続したかどうかは不明
asked_other_way = ネームサーバーへの問い合わせは TLS、QUIC または HTTPS
may_share_connection = 別の名前への接続に相乗りした可能性あり
only_samples = 送信元の役割のホストはパケットのサンプルしかない
not_carried = このミラーには現れない通信
off_document = 無効。文書 { $document } は適用外
off_no_destination = 宛先がない
off_condition = 無効。条件: { $why }
off_role_unbound = サイトファイルで役割 { $role } にアドレスも名前も割り当てられていない
off_no_names = 無効。名前は { $regions } のものだけが判明し、このサイトのリージョンのものを示すページがない
ended_on = { $day } で終了
begins_on = { $day } から開始

## judge/resolvers.rs

control_lacks_several = { $server } は { $list } の名前についてこのクライアントに応答しないが、他は応答を得ている

## judge/row_facts.rs

short_path = ホストに到達、パスは見えない
short_http = ホストに到達したが平文の HTTP。ページは暗号化プロトコルを要求
short_not_tls = ホストに到達したが TLS ではない。ページは暗号化プロトコルを要求
short_bind = ホストに到達したが平文の bind (LDAP ログイン)。ページは事前の STARTTLS を要求

## judge/row_findings.rs

do_find_plain = 何がなぜ平文で通信しているかを特定
entry_doubtful = ページにあるが、項目に疑義あり: { $why }
do_ask_name = 名前が正しいか、そのドメインの所有者は誰かをベンダーに確認
entry_differs = 同類の項目と異なる
twin_of_doubtful = 一覧にない。ページは代わりに { $listed } と記しているが、疑義あり: { $why }

## judge/scope.rs

scope_no_host = どちらの端もサイトのホストではない
scope_loopback = ループバック。ホスト自身との通信
scope_ignored = サイトファイルにより対象外
scope_ignored_as = サイトファイルにより対象外: { $about }
scope_proxy = 宣言済みのプロキシへの通信。その先が見えない形式
scope_housekeeping = ネットワークの維持: { $what }
keep_lookups = 名前解決
keep_icmp = ICMP
keep_groups = グループ参加
keep_routing = ルーティングと冗長化
keep_addresses = アドレス割り当て
keep_discovery = リンク内の名前探索
keep_multicast = マルチキャストまたはブロードキャスト

## judge/silence.rs

excuse_translation = { $other } がちょうどこの SYN に応答。アドレス変換を応答が迂回している
excuse_backlog = このアドレスのこのポートは同じ 1 分間に他には応答。バックログ枯渇でも同じ現象
control_refused_nearby = { $device } が同じ数秒間にこのクライアントの他の { $count } 件を拒否。機器による通知は毎秒 1 回まで
words_with_excuse = { $words } ({ $excuse })

## judge/source_ports.rs

from_source_port = ポート { $port } から: { $words }
ports_died_above = { $died } 以上
ports_answered_up_to = { $answered } 以下
ports_died_up_to = { $died } 以下
ports_answered_above = { $answered } 以上
control_source_ports = このアドレスとポートへの { $answered } 回の試行のうち、ポート { $dead }からの { $died } 回は消え、ポート { $fine }からの { $answered2 } 回は応答あり。送信元ポートによるルール

## judge/trust.rs

grade_c_only = { $words } (等級 C にとどまる: { $why })
one_tcp_connection = TCP 接続 1 件
tcp_connections = TCP 接続 { $flows } 件
clock_earlier = { $connections }で、開始より最大 { $seconds } 秒早いパケットがある
lossy_frames = { $frames } フレーム中 { $lost } がキャプチャで欠落
lossy_gaps = TCP フロー { $tcp } 件中 { $gaps } 件にキャプチャの欠落あり
note_link_errors = リンクエラーの記録付きのフレームが { $link_errors }
note_secrets = キャプチャに復号用の秘密情報のブロックが { $secrets } あるが、使用しない
note_comment = キャプチャ内のコメント: { $comment }
filter_hides_dns = DNS は判定できず、除外されたものは欠落を意味しない
filter_leaves_out = 除外されたものは欠落を意味しない
note_filter = フィルター { $filter } 付きのキャプチャ。{ $hidden }
note_cloud_mirror = すべてのパケットが、クラウドのミラーと同様に一方向の VXLAN または GENEVE で届いている。クラウドのミラーには ARP、DHCP、NTP、インスタンスメタデータが現れないため、それらの不在は何も証明しない
note_lossy = { $why }。不在は何も証明しないため、機器が明示したものだけを遮断とする
note_snaplen = { $cut_by_snaplen } フレームがスナップ長で切り詰められ、名前が欠けている可能性あり
note_midstream = キャプチャ開始時に継続中の TCP フローが { $midstream }
note_untimed = { $frames } フレーム中 { $untimed } に時刻がなく、再送、待ち時間、順序は判定不能
note_one_time = 全 { $frames } フレームが同一時刻のため、再送、待ち時間、順序は判定不能
note_clock = { $why }。時計が戻されたか、キャプチャ間の時計がずれている。待ち時間と順序は何も証明しないため、機器が明示したものだけを遮断とする
note_one_way = すべてのフローが片方向しかキャプチャされておらず、何も遮断とは言えない
note_one_way_share = フローの { $flows } % が片方向のみ。タップが一方を取り逃している可能性あり
note_deaf_servers = { $named } との全接続が片方向しかキャプチャされておらず、これらについては何も言えない
note_nflog_times = netfilter のログの { $count } パケットには固有の時刻がない。1 秒ごとに書き出されるログバッファの時刻のため、順序と遅延は何も証明しない
least_to_most = { $least } から { $most }
note_samples = { $packets } パケットはサンプル (sFlow) で、各 { $one_in } 個に 1 個。含まれないものは欠落を意味せず、遮断とも判定しない
note_device_words = 機器のログの { $count } 件はアドレス変換の裏の複数フローに該当しうるため、どのフローのものともしない
note_bound = { $what } の上限により根拠を { $count } 回切り捨て

## judge/two_point.rs

points_nothing = 内側の地点のフローが外側では 1 つも観測されず、2 地点から何も結論できない
points_both = { $both } フローが内側と外側の両地点で観測
points_nothing_out = 外側の地点には何も出ていない
points_came_out = 外側の地点には出ており、止めているものはその先にある
points_other_passed = 他の 1 フローは両地点を通過。この間で遮断
points_others_passed = 他の { $passing } フローは両地点を通過。この間で遮断
points_syn_ack_outer = SYN-ACK は外側の地点でのみ観測
points_said_inner = 送信元の送信は内側の地点でのみ観測
points_answer_outer = サーバーの応答は外側の地点でのみ観測
points_rst_inner = RST は内側の地点でのみ観測

## judge/unexpected.rs

must_stay_closed = ページによれば閉じておくべきもの
do_close = 閉じるか、意図して開けていることをサイトファイルに記す
server_and_miss = { $what }: { $message }
did_not_get_through = 到達せず: { $words }
opened_from_outside = 外部から開かれた
dns_not_visible = { $dns } であり、問い合わせの内容は見えない
listed_on_port = このポートについてページにあるのは役割 { $listed } のホスト
clear_name_may_be_outer = ハンドシェイクに暗号化部分 (ECH) があり、平文の名前は外側の名前にすぎない可能性あり
old_name = 別のクライアントへの古い DNS 応答では { $name } のアドレスだが、何も証明しない
do_tell_names = --dns-seed で名前を与えるか、リゾルバーのログを見るか、試験のためホストで隠れた DNS を無効にする
hidden_by_start = キャプチャ開始前に開かれ、名前の問い合わせもそれ以前
hidden_by_way = 名前が不明。隠しているもの: { $words } ({ $to })
suspect_proxy = ホストの全接続がプロキシのように TLS でここへ向かい、その先は見えない
do_say_proxy = サイトのプロキシであれば、サイトファイルの [proxies] に addresses = ["{ $server }"] と記す。そうでなければプログラムを特定
suspect_resolver = ここと通信している間に、平文で問い合わせのない名前への接続がリゾルバーの裏のように開かれる。問い合わせの内容は見えない
do_say_resolver = HTTPS のリゾルバーであれば、サイトファイルの [dns] に https-resolvers = ["{ $ip }"] と記す。そうでなければプログラムを特定
unproved_name = 証明書に名前 { $name } があるが、何も証明しない。公的機関の署名がないか、複数の所有者の名前を含む
dns_contradicted = DNS では { $names } のアドレスだが、ハンドシェイクは別の名前を要求
either_or = { $one }。または { $other }
nameless_and_unlisted = 名前が不明で、アドレスもどの要件にもない
gap_under_domain = { $domain } に同じドメインの名前があるが、この名前は一覧にない
listed_elsewhere = 適用中の一覧にない。{ $ids } にあるが、他のホスト向け
on_no_list = 一覧にない
assumed_port = ページにポートの記載がなく、{ $ports } は本ツールの想定
assumed_transport = ページにトランスポートの記載がなく、本ツールの想定による
do_find_real_aim = プログラムの真の通信先を特定。アドレスだけでは何も証明しない
do_find_port = このポートを使う理由を特定。サイトで変更したのであれば、サイトファイルの [ports] に記す
do_find_path = このパスを要求しているものを特定。ページにはこのホストの他のパスしかない
do_ask_ports = サービスのポートをベンダーに確認。独自の要件としても記載可能
do_give_role = サイトファイルでホストに役割を与えるか、この通信の理由を特定
do_switch_on = サイトファイルで機能、リージョンまたは文書を有効にするか、通信を止める
do_update_host = ホストの設定を最新にする。項目は無効となり、他者のものになっている可能性あり
do_ask_list = 許可する前に、一覧の漏れかどうかをベンダーに確認
do_find_program = プログラムを特定し、独自の要件として許可するか、サイトファイルで対象外とするか、止める

## judge/unread.rs

unread_one = 1 フレーム
unread_several = { $count } フレーム
unread_link_type = リンク種別 { $number } ({ $name }) の { $counted }は読まれていない。インターフェース自体 (Ethernet) でキャプチャするか、変換する
unread_ethertype = EtherType 0x{ $number } の { $counted }は、未知のヘッダーの後に IP を運んでおり、読まれていない。タップまたはスイッチでヘッダーを付けないようにする
unread_header = { $name } のヘッダー付きの { $counted }は読まれていない ({ $form })。ヘッダーなしでキャプチャするか、変換する
unread_sflow = { $collector } への { $datagrams } データグラムは sFlow サンプルを運ぶ。サンプルは不在も無応答も証明しないため、全パケットをキャプチャする
unread_mirror = { $collector } への { $datagrams } データグラムは未知のカプセル化のミラーフレームを運び、開かれていない。VXLAN、GENEVE、ERSPAN、GRE または TZSP でミラーするか、発生元でキャプチャする

## judge/unseen.rs

never_on_port = { $message } (ポート { $port })
nor_alternative = { $message }、{ $group } の他の選択肢も同様
resolved_not_opened = 名前は解決されたが、そのアドレスへの接続なし
both_used = { $about }: { $list } の両方が使用された
do_find_alternative = どちらが意図したものかを特定。一部のホストの設定が異なる可能性あり
do_capture_longer = より長くキャプチャするか、使用していない機能であればサイトファイルで無効にする
do_see_answer = リゾルバーの回答を確認し、より長くキャプチャする
do_see_before_tap = タップの手前で止まっていないか、ホストが以前からの接続を保っていないかを確認
do_nothing = 対処不要。ページの求めどおり
do_nothing_shared = 遮断を示すものはない。HTTP/2 と HTTP/3 は 1 つの接続で複数の名前に対応
do_bind_role = サイトファイルで役割を割り当てる
do_capture_all = サンプルのほかに全パケットをキャプチャする
do_capture_on_host = ホスト自身でキャプチャする
do_bind_to_real = より長くキャプチャするか、サイトファイルで役割を実際のものに割り当てる

## report/build.rs

exit_nothing = 監査対象なし
exit_in_part = 一部のみ監査
exit_findings = 指摘あり
exit_unclear = 必須の通信に判定不能あり
exit_nothing_to_report = 報告事項なし
one_host = 1 ホスト
several_hosts = { $count } ホスト
row_blocked = { $hosts }について経路上で遮断
row_failed = { $hosts }で失敗。原因の所在は不明
row_violated = 違反。あってはならないとページにあるものが存在
row_hidden = ホストがその先の見えない形式でプロキシと通信しており、何も観測されない
row_unclear = 試行されたが、結果は不明
row_by_certificate = { $hosts }が到達。名前はサーバーの証明書のみによる
row_reached = { $hosts }が到達
row_off = 無効: { $why }
no_input = 読める入力がない
fault_and_more = { $name }: { $fault } (ほか { $more } 件)
frames_lost = { $name }: キャプチャ前に失われたフレームあり: { $lost }
lost_interface = インターフェースで { $interface }
lost_kernel = カーネルで { $kernel }
lost_own = pktaudit で { $own }

## report/dns.rs

column_at = 時刻
column_client = クライアント
column_server = サーバー
column_query = 問い合わせ
column_type = 種別
column_answer = 応答
column_data = データ
no_dns_answer = 応答なし

## report/flows.rs

column_start = 開始
column_initiator = 送信元
column_responder = 宛先
column_app = アプリ
column_state = 状態
column_bytes_out = 送信バイト
column_bytes_in = 受信
column_name = 名前
name_of_several = { $fqdn } ({ $source }、{ $all } 件中 1)

## report/how_many.rs

count_1_attempt = 試行 1 回
count_attempts = 試行 { $count } 回
count_1_destination = 1 宛先
count_destinations = { $count } 宛先
count_1_dns_transaction = DNS 1 件
count_dns_transactions = DNS { $count } 件
count_1_frame = 1 フレーム
count_frames = { $count } フレーム
count_1_input = 1 入力
count_inputs = { $count } 入力
count_1_more_attempt = ほか試行 1 回
count_more_attempts = ほか試行 { $count } 回
count_1_more_packet = ほか 1 パケット
count_more_packets = ほか { $count } パケット
count_1_more_requirement = ほか 1 要件
count_more_requirements = ほか { $count } 要件
count_1_requirement = 1 要件
count_requirements = { $count } 要件
count_1_service = 1 サービス
count_services = { $count } サービス

## report/html/checklist.rs

title_requirements = 要件
more_in_requirements_csv = ほか { $more } 要件は requirements.csv にある。
more_off_in_csv = ほか { $count } 要件はこのサイトでは無効。その条件は requirements.csv にある。
satisfied_of_all = { $all } 件中 { $satisfied } 件充足
rows_of_no_service = サービス名のない要件
rows_of_service = { $service } の要件
column_requirement = 要件
column_outcome = 結果
column_to = 宛先
column_ports = ポート
column_how_it_fared = 状況
column_page = ページ
no_service_named = (サービス名なし)
and_line = 、{ $line } 行

## report/html/destinations.rs

unexpected_destinations_label = 想定外の宛先
unexpected_destinations = 想定外の宛先
column_destination = 宛先
column_share = 割合
column_bytes = バイト
column_sent = 送信
column_received = 受信
column_flows = フロー
column_hosts = ホスト
most_bytes = バイト数の多い { $most } 件。すべては findings.csv にある。

## report/html/exchange.rs

said_in_packet = { $said } ({ $packet })
address_and_port = { $ip } ポート { $port }
packet_one_byte = 、1 バイト
packet_bytes = 、{ $length } バイト
packet_and_bytes = { $what }{ $bytes }
packet_data = データ
packet_icmp = { $family } タイプ { $kind } コード { $code }
packet_icmp_error = ICMP エラー
said_hello_without_name = 名前のない ClientHello
said_certificate = { $issuer } の証明書
said_alert_fatal = TLS アラート { $description }、致命的
said_alert_warning = TLS アラート { $description }、警告
said_request = HTTP リクエスト { $path }
said_status = HTTP ステータス { $status }
said_block_page = ブロックページ
said_bind = 平文の bind
said_quic_heard = QUIC は継続。サーバーの応答あり
said_quic_unfinished = QUIC ハンドシェイクが未完了
said_extended_error = { $text }、拡張エラー { $code }

## report/html/findings.rs

title_findings = 指摘事項
page_nothing_found = 読めた範囲に指摘事項なし。
more_findings = ほか { $more } 件の指摘は findings.csv と report.json にある。
no_finding_matches = 該当する指摘なし。
search_findings_hint = 指摘を検索
search_findings = 指摘を検索
lane_of = { $code } { $count }
link_to_finding = この指摘へのリンク
label_when = 時刻
from_to = { $first } から { $last }
comment_in_frame = { $text } [フレーム { $frame }]
and_others = { $more }
show_flows = { $flows }を表示
at_stage = 段階: { $stage }
of_grade = 等級 { $grade }
evidence_by = { $words }、{ $by } による [{ $code }、等級 { $grade }: { $about }]
evidence_seen = { $words } [{ $code }、等級 { $grade }: { $about }]
cite_line = { $line } 行
cite_entries = 項目 { $entries }
packets_of_attempt = 試行のパケット
not_drawn = { $what }は図示なし

## report/html/ladder.rs

packets_between = { $initiator } と { $responder } の間のパケット
ladder_device = 機器 { $device }
ladder_frame = フレーム { $number }
ladder_nothing_back = 応答なし

## report/html/mod.rs

search_flows = フローを検索
search_flows_by = アドレス、名前、ポート、結果 (すべての語を含むもの)
filter_outcome = 結果
every_outcome = すべての結果
clear_filter = クリア
title_flows = フロー
flows_need_script = フローの表にはこのページのスクリプトが必要。同じ行は flows.csv にある。
flows_in_csv = フローは flows.csv にある。

## report/html/overview.rs

traffic_audit = 通信監査
page_unclear = 必須で試行されたが、結果は不明: { $ids }
tile_findings = 指摘
requirements_by_outcome = 結果別の要件
active_satisfied = 有効な { $active } 要件中 { $satisfied } 充足
standings_and = { $said }、{ $status } { $count }
standings_and_off = { $said }。ほか { $off } 要件はこのサイトでは無効
title_trust = キャプチャの信頼性
page_in_part = 一部のみ監査: { $why }
no_site_on_page = 役割にアドレスを与えるサイトファイルがないため、すべてのプライベートアドレスをすべての役割として監査した。
frames_read = 読み取り { $read } = 解読 { $decoded } + 除外 { $aside }
heard_on_page = { $flows }、監査 { $audited }。送信元のみ { $out }、宛先のみ { $back }、開始時に継続中 { $midstream }。{ $dns }
label_cut = 切り詰め
cut_by_snaplen = スナップ長により { $frames }
label_bounded = 上限
cut_away = { $what }: { $count } 件を切り捨て

## report/html/picture.rs

fate_blocked = 遮断
fate_missing = 未達
fate_unclear = 不明
fate_satisfied = 充足
fate_not_needed = 不要
legend_bad = 遮断、または禁止なのに観測
legend_warn = 失敗、未達、または一覧にない
legend_good = 要件どおり
legend_dim = 現在は不要、または不明
source_on_no_list = 一覧にない
picture_label = 要件の所在と結果
title_picture = 要件の所在と結果
more_services = ほか { $services }は「要件」にある。
more_sources = ほか { $more } の送信元は図示なし。
any_host = 任意のホスト
other_hosts = その他のホスト

## report/html/provenance.rs

tool_and_commit = { $tool } { $version }、コミット { $commit }
exit_and_meaning = { $exit }: { $meaning }
table_inputs = 入力
table_documents = ルール文書
title_provenance = 出所
label_tool = ツール
label_arguments = 引数
label_site_file = サイトファイル
label_exit_status = 終了状態
label_input = 入力
label_frames = フレーム
column_first = 最初
column_last = 最後
column_damage = 損傷
more_inputs = ほか { $more } 件の入力は report.json にある。
column_rule_document = ルール文書
column_in_force = 適用
column_taken_since = 採用理由
column_requirements = 要件
column_file = ファイル
yes = はい
no = いいえ

## report/html/texts.rs

page_language = 言語
label_flow = フロー
label_lasted = 継続時間
label_carries = 内容
label_reason = 理由
label_finding = 指摘
name_by_source = { $name } ({ $source } による)
bytes_in_packets = { $bytes } バイト、{ $packets } パケット
shown_of_all = { $all } 件中 { $shown } 件
flows_only_in_csv = { $count } フローは flows.csv だけにある。
flows_of_finding = { $finding } のフロー。「クリア」ですべてを表示。
time_utc = { $time } UTC

## report/html/timeline.rs

tone_blocked = 遮断
tone_warn = 失敗または想定外
tone_dim = 不明、または監査対象外
timeline_label = 時系列
timeline_about = 開始時刻別のフローと、指摘の時系列
title_timeline = 時系列
timeline_bars = 棒: 開始時刻別のフロー。
timeline_lanes = 帯: 各指摘の最初から最後のパケットまで。印から指摘へ移動。
lane_and_more = { $code } { $count } (ほか { $more })

## report/human/absences.rs

column_document = 文書
column_service = サービス

## report/human/capture.rs

title_capture = キャプチャ
label_note = 注記
label_rules = ルール
no_loss = 欠落の報告なし
lost_by_all = インターフェースで { $interface }、カーネルで { $kernel }、pktaudit で { $own }
frames_read_by_reason = 読み取り { $read } = 解読 { $decoded } + 除外 { $aside }{ $reasons }
count_and_reasons = { $count }{ $reasons }
copies_counted = ミラーポートが 1 ミリ秒以内に再送した { $count } フレーム。数えるのみ
label_copies = 重複
rules_in_force = { $document_id }、{ $count }、SHA-256 { $digest }。{ $why }
rules_not_in_force = { $document_id }、{ $count }、SHA-256 { $digest }、適用外。{ $why }
heard_flows = { $flows }、監査 { $audited }
heard_only_initiator = { $text }、送信元のみ { $count }
heard_only_responder = { $text }、宛先のみ { $count }
heard_midstream = { $text }、開始時に継続中 { $count }
heard_and_dns = { $text }。{ $dns }
input_frames_and_period = { $path }: { $frames }、{ $period }
input_frames = { $path }: { $frames }
and_so_many_more = ほか { $more } 件
reasons_listed = {" "}({ $list })
more_reasons = {" "}({ $list }、ほか { $more } 種の理由)

## report/human/cards.rs

label_hosts = ホスト
evidence_and_frames = { $words } [{ $code }] { $frames }
reached_until_clock = { $clock } まで到達
cited_service = { $text }; { $service }
cited_page = { $text }; ページ { $page }
cited_table = { $text }; 表 { $table }
cited_row = { $text }; 行 { $row }
cited_line = { $text }、{ $line } 行目
cited_entries = { $text }; 項目 { $entries }

## report/human/findings.rs

label_why = 理由
column_who = 送信元
column_first_frame = 最初のフレーム
heading_nothing_audited = 監査対象なし
heading_blocked = 経路上で遮断
heading_failed = 失敗、原因の所在は不明
heading_forbidden = 禁止されているが存在
heading_name_contradicted = 一覧にある名前のアドレスで、一覧にない名前を要求
heading_other_application = 宛先は正しいが、別のアプリケーション
heading_encrypted_hello = 暗号化 hello で試行された可能性
heading_encrypted_dns = 平文でない DNS
heading_wrong_port = 宛先は正しいが、ポート違い
heading_wrong_path = 宛先は正しいが、パス違い
heading_port_unstated = 宛先は正しいが、ページにポートの記載なし
heading_not_tls = 到達したが、TLS ではない
heading_doubtful_entry = 疑義のある項目による
heading_wrong_role = 宛先は正しいが、このホスト向けではない
heading_switched_off = このサイトで無効な要件のみが該当
heading_expired = 有効期間外の項目のみが該当
heading_list_gap = ベンダーのドメイン下だが、一覧にない
heading_hides_names = 一覧になく、名前を隠しているらしい
heading_unexpected_name = 一覧にない
heading_other_address = 監査対象ホストの別アドレス、役割なし
heading_unnamed = 名前がなく、アドレスも一覧にない
heading_both_alternatives = 排他的な 2 つの選択肢
heading_never_seen = 必須だが未観測
heading_recovered = 最初は遮断、その後到達
heading_intercepted = 到達したが、経路上で TLS を復号
heading_degraded = 到達するが、1 つの経路が常に失敗、または後で停滞
reason_and_ids = { $message } [{ $ids }]
column_group = グループ
label_means = 意味
more_with_v_or_formats = ほか { $more } 件 (-v で表示、--format json|csv ですべて)
one_more_line = ほか 1 行 (-v で各行を表示、--format csv で全指摘)
more_lines = ほか { $more } 行 (-v で各行を表示、--format csv で全指摘)

## report/human/look.rs

frame_number = フレーム { $frames }
frame_numbers = フレーム { $frames }
frame_numbers_and_more = フレーム { $frames } ほか { $more }

## report/human/mod.rs

of_site = サイト { $site }
inputs_frames_period = { $inputs }、{ $frames }、{ $period }
inputs_frames = { $inputs }、{ $frames }
label_no_site = サイト
no_site_in_terminal = 役割にアドレスを与えるサイトファイルがないため、すべてのプライベートアドレスをすべての役割として監査した。pktaudit site init がこのキャプチャから雛形を作成
unclear_required = 必須で試行されたが、結果は不明: { $ids }
label_unclear = 不明
of_region = リージョン { $regions }
as_of_day = { $day } 時点
counted_blocked = 遮断
counted_forbidden = 禁止通信
counted_failed = 失敗
counted_unexpected = 想定外
counted_intercepted = TLS 傍受
counted_never_seen = 未観測
counted_to_note = 参考
required_not_judged = 必須の判定不能 { $count }
all_seen_nothing_else = 観測すべきものはすべて観測され、他に報告事項なし
nothing_to_report = 報告事項なし
nothing_found = 読めた範囲に指摘事項なし
foot = コードの説明は pktaudit explain { $code }、全行は --format json または csv、ファイル一式は --out DIR
period = { $day } { $time } から { $until } UTC ({ $lasted })
lasted_ms = { $ms } ミリ秒
lasted_s = { $seconds } 秒
lasted_min = { $minutes } 分 { $seconds } 秒
lasted_h = { $hours } 時間 { $minutes } 分
lasted_d = { $days } 日 { $hours } 時間
label_address = アドレス
label_comment = コメント
label_control = 対照
label_do = 対処
label_heard = 捕捉
label_lost = 欠落
label_names = 名前
label_needed_by = 要件
label_seen = 根拠
label_verdict = 判定

## report/human/requirements.rs

column_off = 無効
label_no_need = 不要

## report/view.rs

need_no_traffic = { $of } 要件中 { $all } は通信不要: { $parts }

## rules/candidate.rs

miss_port = ポート違い。一覧にあるのは { $listed }
miss_port_unstated = ポート違い。一覧にあるのは { $listed } (ページにポートの記載なし)
miss_transport = トランスポート違い。一覧にあるのは { $listed }
miss_transport_unstated = トランスポート違い。一覧にあるのは { $listed } (ページにトランスポートの記載なし)
miss_source = { $wanted } 向けの要件で、このホストは該当しない
miss_destination = { $wanted } のみが対象
miss_inactive = 無効。条件: { $condition }
miss_region = 別リージョン向け: { $listed }
miss_expired = 期限切れ。有効期限は { $until }
miss_not_yet = 有効期間前。{ $from } から有効
miss_path = パス違い。一覧にあるのは { $listed }
miss_document = 文書 { $document } は適用外

## rules/fit.rs

chosen_named = --rules で指定
chosen_by_site = サイトファイルで指定
chosen_fits_one = キャプチャにこのベンダーの名前が 1 つある
chosen_fits = キャプチャにこの文書の名前が { $names } 件ある
chosen_default = ルールの指定がなく、キャプチャに合う他のルールもない

## source/input_record.rs

one_frame_set_back = 1 フレームが直前のものより最大 { $seconds } 秒早い。時計が戻されたか、複数のキャプチャが結合されている
frames_set_back = { $frames } フレームが直前のものより最大 { $seconds } 秒早い。時計が戻されたか、複数のキャプチャが結合されている

## wording/phrase.rs

list_pair = { $all }、{ $next }
said_then = { $first }。{ $next }
said_about = { $what }: { $detail }
one_and_other = { $one } と { $other }
list_and_more = { $list } ほか { $more } 件

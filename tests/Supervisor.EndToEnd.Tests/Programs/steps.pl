# Does what its arguments say, one after the other, and writes down in the file "log" what came of each.
use strict;
use warnings;
use Errno;
# Linux says that a descriptor was opened for large files, which means nothing for a terminal.
use constant O_LARGEFILE => 0100000;
use Fcntl qw(F_DUPFD F_GETFL F_SETFD FD_CLOEXEC O_WRONLY O_APPEND O_CREAT);
use POSIX qw(WUNTRACED WIFSTOPPED WSTOPSIG tcgetpgrp tcsetpgrp getpgrp);

my $highest = do {
    # Not one of the three: the log must not take the place of a closed one.
    sysopen my $file, "log", O_WRONLY | O_APPEND | O_CREAT or die "log: $!";
    my $fd = fcntl $file, F_DUPFD, 100 or die "log: $!";
    $fd;
};
open my $log, ">>&=", $highest or die "log: $!";
fcntl $log, F_SETFD, FD_CLOEXEC;
sub note { syswrite $log, join(" ", map { $_ // "undef" } @_) . "\n" }
sub status { my $s = shift; WIFSTOPPED($s) ? "stopped " . WSTOPSIG($s) : ($s >> 8) . "/" . ($s & 127) }
sub put { my ($fd, $text) = @_; my $n = POSIX::write($fd, $text, length $text); note("write $fd", $n, $n ? "" : $! + 0) }
sub noise { my ($n, $seed) = @_; my $x = $seed; join "", map { $x = ($x * 1103515245 + 12345) & 0x7fffffff; chr(($x >> 16) & 255) } 1 .. $n }
sub text { my ($n, $seed) = @_; join "", map { sprintf "%08d %s\n", $seed + $_, "x" x ($_ % 60) } 1 .. $n }
sub child { my $run = shift; my $pid = fork // die; if (!$pid) { $run->(); POSIX::_exit(0) } $pid }
sub settings { my $s = `stty -a </dev/tty 2>&1; stty -g </dev/tty 2>&1`; $s =~ s/\n/ /g; $s }

my %do = (
    out => sub { put(1, text(@_)) },
    err => sub { put(2, text(@_)) },
    binary => sub { put(1, noise(@_)) },
    many => sub { put(1, "$_ ") for 1 .. $_[0]; put(1, "\n") },
    both => sub { for my $i (1 .. $_[0]) { put(1, "out $i\n"); put(2, "err $i\n") } },
    read => sub { my $n = POSIX::read(0, my $b, $_[0]); note("read", $n, $n ? unpack("H*", $b) : $! + 0) },
    ask => sub {
        put(1, "key$_[0]? ");
        my $all = "";
        while ($all !~ /\.[\r\n]/) {
            my $n = POSIX::read(0, my $b, 100);
            if (!$n) { next if $!{EINTR}; note("end", $! + 0); last }
            $all .= $b;
        }
        note("got", unpack "H*", $all);
    },
    seek => sub { note("position", POSIX::lseek(0, 0, POSIX::SEEK_CUR()) // $! + 0) },
    flags => sub { open my $in, "<&=", 0 or return note("flags", $! + 0); note("flags", fcntl($in, F_GETFL, 0) & ~O_LARGEFILE) },
    child => sub { my $code = shift; waitpid child(sub { POSIX::write(1, "child $code\n", 7 + length $code); POSIX::_exit($code) }), 0; note("child", status($?)) },
    killed => sub { my $signal = shift; waitpid child(sub { kill $signal, $$; sleep 300 }), 0; note("killed", $? & 127) },
    shell => sub { my $s = system "bash", "-c", $_[0]; note("shell", status($s)) },
    pipe => sub { open my $p, "-|", "seq 1 $_[0] | md5sum"; note("pipe", <$p>) },
    grandchild => sub {
        pipe my $r, my $w;
        waitpid child(sub { child(sub { close $r; POSIX::write(1, "grandchild\n", 11); close $w }) }), 0;
        close $w;
        note("grandchild", sysread $r, my $b, 1);
    },
    signal => sub { my ($s, $n) = (shift, 0); local $SIG{$s} = sub { $n++ }; kill $s, $$; select undef, undef, undef, 0.01 until $n; note("signal $s", $n) },
    parent => sub { note("parent", kill(0, getppid)) },
    alarm => sub { my $n = 0; local $SIG{ALRM} = sub { $n++ }; require Time::HiRes; Time::HiRes::ualarm(5000); select undef, undef, undef, 0.01 until $n; note("alarm", $n) },
    umask => sub { my $old = umask oct $_[0]; unlink "made"; open my $f, ">", "made"; note(sprintf "umask %o %o", $old, (stat $f)[2]); umask $old },
    limit => sub { note("limit", `bash -c 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -s'` =~ s/\n/ /gr) },
    close => sub { note("close", POSIX::close($_[0]) // $! + 0); put($_[0], "to a closed one\n") if $_[0] },
    dup => sub { POSIX::dup2(1, $_[0]); put($_[0], "through $_[0]\n"); POSIX::close($_[0]) },
    swap => sub { my $one = POSIX::dup(1); POSIX::dup2(2, 1); POSIX::dup2($one, 2); POSIX::close($one) },
    terminals => sub { note("terminals", map { POSIX::isatty($_) ? 1 : 0 } 0 .. 2) },
    settings => sub { note("settings", settings()) },
    stty => sub { system "stty $_[0] </dev/tty 2>/dev/null"; note("stty", settings()) },
    tty => sub { open my $t, ">", "/dev/tty" or return note("tty", $! + 0); note("tty", syswrite $t, "to the terminal\n") },
    front => sub { open my $t, "<", "/dev/tty" or return note("front", $! + 0); note("front", tcgetpgrp(fileno $t) == getpgrp() ? 1 : 0) },
    # A group of its own is in the background: reading stops it.
    background => sub {
        my $pid = child(sub { setpgrp; open my $t, "<", "/dev/tty"; sysread $t, my $b, 1 });
        waitpid $pid, WUNTRACED;
        note("background", status($?));
        kill "KILL", $pid;
        waitpid $pid, 0;
    },
    # What a shell does with a job.
    job => sub {
        open my $t, "+<", "/dev/tty" or return note("job", $! + 0);
        local $SIG{TTOU} = "IGNORE";
        my $mine = getpgrp;
        my $pid = child(sub { setpgrp; tcsetpgrp(fileno $t, getpgrp()); POSIX::write(1, "job\n", 4); kill "STOP", $$; POSIX::_exit(7) });
        waitpid $pid, WUNTRACED;
        note("job", status($?));
        tcsetpgrp(fileno $t, $mine);
        kill "CONT", -$pid;
        waitpid $pid, 0;
        note("job", status($?));
    },
    exit => sub { note("exit"); exit $_[0] },
    die => sub { note("die"); kill $_[0], $$; sleep 300 },
    exec => sub { note("exec"); exec "bash", "-c", $_[0] },
);

for my $step (@ARGV) {
    my ($name, @arguments) = split /:/, $step;
    $do{$name}->(@arguments);
}

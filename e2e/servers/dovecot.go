package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// DovecotPassword logs any user in: a test takes a user name of its own.
const DovecotPassword = "secret"

// Dovecot is an IMAP server for any number of users.
type Dovecot struct {
	Addr string
	dir  string
	cmd  *exec.Cmd
	done <-chan ended
}

// dovecotConfig keeps one setting a line: the form that was seen to work. Every
// service that would chroot is told not to, since nobody may not.
const dovecotConfig = `base_dir = $D/run
state_dir = $D/state
log_path = $D/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = $USER
default_internal_group = $GROUP
default_login_user = $USER
first_valid_uid = 0
mail_location = maildir:~/Maildir
mail_home = $D/home/%n
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=$UID gid=$GID home=$D/home/%n
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = $PORT
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Processed {
    auto = create
  }
}
`

// StartDovecot starts an IMAP server: about 50 ms. It notices a new mail for IDLE
// half a second after it came.
func StartDovecot(ctx context.Context) (*Dovecot, error) {
	path, err := find([]string{"/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"}, "dovecot")
	if err != nil {
		return nil, err
	}
	dir, err := home()
	if err != nil {
		return nil, err
	}
	d, err := startDovecot(ctx, dir, path)
	if err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "dovecot.log")) // only for the message
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start dovecot: %w: %s", err, text)
	}
	return d, nil
}

func startDovecot(ctx context.Context, dir, path string) (*Dovecot, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	uid, gid := user()
	owner, err := osuser.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil, err
	}
	group, err := osuser.LookupGroupId(strconv.Itoa(gid))
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer("$D", dir, "$USER", owner.Username, "$GROUP", group.Name, "$UID", strconv.Itoa(uid),
		"$GID", strconv.Itoa(gid), "$PORT", strconv.Itoa(port), "$PASSWORD", DovecotPassword).Replace(dovecotConfig)
	conf := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil { //nolint:gosec // read by nobody, where we are root
		return nil, err
	}
	// Not bound to ctx: Stop ends it, also after the context of a test is over.
	cmd := command(context.WithoutCancel(ctx), dir, path, "-F", "-c", conf)
	done, err := run(cmd)
	if err != nil {
		return nil, err
	}
	d := &Dovecot{Addr: fmt.Sprintf("127.0.0.1:%d", port), dir: dir, cmd: cmd, done: done}
	if err := await(ctx, d.Addr, done); err != nil {
		end(cmd, done)
		return nil, err
	}
	return d, nil
}

// Log is what the server wrote, for a failed test.
func (d *Dovecot) Log() string {
	b, err := os.ReadFile(filepath.Join(d.dir, "dovecot.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Maildir is where the user's mail lies: INBOX itself, other folders as .NAME in it.
func (d *Dovecot) Maildir(user string) string {
	return filepath.Join(d.dir, "home", user, "Maildir")
}

// Stop ends the server and removes all its mail.
func (d *Dovecot) Stop() {
	end(d.cmd, d.done)
	_ = os.RemoveAll(d.dir)
}

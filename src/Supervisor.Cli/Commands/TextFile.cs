using System.Text;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;

namespace Supervisor.Cli.Commands;

/// <summary>A text file of the user's that is changed in one step, through a link where it is one, with the mode it had.</summary>
internal sealed class TextFile
{
    private readonly string _hint;
    private readonly string _target;
    private readonly bool _exists;

    /// <param name="path">Need not exist.</param>
    /// <param name="hint">What to do where it cannot be used.</param>
    /// <exception cref="SupException">It cannot be read, or is no UTF-8.</exception>
    public TextFile(string path, string hint = "give another with --file")
    {
        _hint = hint;
        Path = path.Length > 0 ? System.IO.Path.GetFullPath(path) : throw SupException.Usage("the file's path is empty", "give --file a path");
        try
        {
            if (Io.StatAt(Libc.AT_FDCWD, Path, followLink: true, out StatX stat) && !stat.IsRegularFile)
            {
                // A device or a pipe would be replaced by a file.
                throw new SupException(ErrorCode.InvalidArgument, ExitCode.Failure, $"cannot change {Path}: it is no regular file", _hint);
            }

            _target = new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
            _exists = File.Exists(_target);
            Text = _exists ? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(_target)) : "";
        }
        catch (ArgumentException)
        {
            throw new SupException(ErrorCode.InvalidArgument, ExitCode.Failure, $"cannot change {Path}: it is not UTF-8 text");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure("read", e);
        }
    }

    public string Path { get; }

    /// <summary>Empty when there is none yet.</summary>
    public string Text { get; }

    /// <exception cref="SupException">It cannot be written; it is as it was.</exception>
    public void Write(string text)
    {
        string fresh = $"{_target}.{Environment.ProcessId}.new";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_target)!);
            UnixFileMode mode = _exists ? File.GetUnixFileMode(_target) : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            File.WriteAllBytes(fresh, Encoding.UTF8.GetBytes(text));
            File.SetUnixFileMode(fresh, mode);
            File.Move(fresh, _target, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Io.Unlink(Libc.AT_FDCWD, fresh);
            throw Failure("write", e);
        }
    }

    private SupException Failure(string what, Exception e) => new(
        ErrorCode.Internal, ExitCode.Failure, $"cannot {what} {Path}: {(e is UnauthorizedAccessException ? "permission denied" : "it is not there, or no file")}", _hint, e);
}

using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Supervisor.Actors.Journal.Sqlite;

/// <summary>One connection with its prepared statements; used by the writer's thread alone.</summary>
internal sealed class SqliteSession(SqliteConnection connection, SqliteJournalOptions options) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _statements = new(StringComparer.Ordinal);

    public SqliteJournalOptions Options { get; } = options;

    /// <summary>The newest ordering of events appended since <see cref="Begin"/>; 0 when there are none.</summary>
    public long Appended { get; set; }

    public bool InTransaction => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>Statements changed rows since it was asked last.</summary>
    public int Changes => raw.sqlite3_changes(connection.Handle);

    public long LastRowId => raw.sqlite3_last_insert_rowid(connection.Handle);

    public bool HasProjection(string name) => Options.Projections.Contains(name, StringComparer.Ordinal);

    public void Begin()
    {
        Appended = 0;
        Run("BEGIN IMMEDIATE");
    }

    public void Commit() => Run("COMMIT");

    /// <summary>Takes back what is not committed; SQLite may have done so by itself.</summary>
    public void Rollback()
    {
        if (InTransaction)
        {
            Run("ROLLBACK");
        }
    }

    /// <summary>Runs a statement with its values for <c>$1</c>, <c>$2</c>, ….</summary>
    public void Run(string sql, params ReadOnlySpan<object> values) => Prepared(sql, values).ExecuteNonQuery();

    /// <summary>The first value of the first row; null when there is none.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<object> values) => Prepared(sql, values).ExecuteScalar() switch
    {
        DBNull => null,
        object value => value,
        null => null,
    };

    public long Number(string sql, params ReadOnlySpan<object> values) => Scalar(sql, values) is long number ? number : 0;

    public List<T> Rows<T>(string sql, Func<SqliteDataReader, T> row, params ReadOnlySpan<object> values)
    {
        List<T> rows = [];
        using SqliteDataReader reader = Prepared(sql, values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }

    public void Dispose()
    {
        foreach (SqliteCommand statement in _statements.Values)
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    private SqliteCommand Prepared(string sql, ReadOnlySpan<object> values)
    {
        if (!_statements.TryGetValue(sql, out SqliteCommand? command))
        {
            command = connection.CreateCommand();
#pragma warning disable CA2100 // Our own constants, and names that were checked.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (int i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = "$" + (i + 1) });
            }

            _statements.Add(sql, command);
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        return command;
    }
}

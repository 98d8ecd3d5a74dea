namespace Portcullis.Audit.Reading;

/// <summary>Collects problems up to a number, and counts the rest: a damaged log may have one on each line.</summary>
internal sealed class ProblemList(int max)
{
    private readonly List<AuditProblem> _listed = [];

    public IReadOnlyList<AuditProblem> Listed => _listed;

    public long Further { get; private set; }

    public void Add(AuditProblemKind kind, string file, long line, string message)
    {
        if (_listed.Count < Math.Max(1, max))
        {
            _listed.Add(new AuditProblem(kind, file, line, message));
        }
        else
        {
            Further++;
        }
    }
}
